package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attributes of one map, collected from the members of its struct. Sizes and counts are unsigned 32-bit numbers. */
final class MapAttributes {
    private static final int PIN_BY_NAME = 1;

    private final Btf types;
    private final String name;
    private final boolean isInner;
    private long type;
    private long keySize;
    private long valueSize;
    private long maxEntries;
    private long flags;
    private long mapExtra;
    private long numaNode;
    private long pinning;
    private int keyTypeId;
    private int valueTypeId;
    private @Nullable MapAttributes inner;

    MapAttributes(Btf types, String name, boolean isInner) {
        this.types = types;
        this.name = name;
        this.isInner = isInner;
    }

    static boolean isMapInMap(MapType type) {
        return type == MapType.ARRAY_OF_MAPS || type == MapType.HASH_OF_MAPS;
    }

    boolean pinned() {
        return pinning == PIN_BY_NAME;
    }

    MapAttributes read(BtfType.Composite definition) throws LinkException {
        List<BtfType.Member> members = definition.members();
        for (int i = 0; i < members.size(); i++) {
            BtfType.Member member = members.get(i);
            switch (member.name()) {
                case "type" -> type = number(member);
                case "max_entries" -> maxEntries = number(member);
                case "map_flags" -> flags = number(member);
                case "numa_node" -> numaNode = number(member);
                case "map_extra" -> mapExtra = longNumber(member);
                case "key_size" -> keySize = size("key", keySize, number(member));
                case "value_size" -> valueSize = size("value", valueSize, number(member));
                case "key" -> {
                    keyTypeId = pointee(member, "key");
                    keySize = size("key", keySize, sizeOf(keyTypeId, "key"));
                }
                case "value" -> {
                    valueTypeId = pointee(member, "value");
                    valueSize = size("value", valueSize, sizeOf(valueTypeId, "value"));
                }
                case "values" -> readValues(member, i == members.size() - 1);
                case "pinning" -> {
                    pinning = number(member);
                    if (isInner) {
                        throw new LinkException("inner def can't be pinned.");
                    }
                    if (pinning > PIN_BY_NAME) {
                        throw new LinkException("invalid pinning value " + pinning + ".");
                    }
                }
                default -> throw new LinkException("unknown field '" + member.name() + "'.");
            }
        }
        if (type == 0) {
            throw new LinkException("map type isn't specified.");
        }
        return this;
    }

    /** @param possibleCpus elements of a perf event array that does not say how many */
    MapDef build(int possibleCpus) throws LinkException {
        MapType mapType = mapType();
        if (keySize > Integer.MAX_VALUE || valueSize > Integer.MAX_VALUE) {
            throw new LinkException("key of " + keySize + " and value of " + valueSize + " bytes are too large");
        }
        boolean typed = !mapType.isMadeWithoutTypes();
        return MapDef.builder(name, mapType)
                .keySize((int) keySize)
                .valueSize((int) valueSize)
                .maxEntries(entries(mapType, possibleCpus))
                .flags(flags)
                .mapExtra(mapExtra)
                .numaNode((int) numaNode)
                .pinned(pinned())
                .typeIds(typed ? keyTypeId : 0, typed ? valueTypeId : 0)
                .inner(inner == null ? null : inner.build(possibleCpus))
                .build();
    }

    private MapType mapType() throws LinkException {
        return MapType.of((int) Math.min(type, Integer.MAX_VALUE))
                .orElseThrow(() -> new LinkException("map type " + type + " is unknown"));
    }

    private long entries(MapType mapType, int possibleCpus) {
        return switch (mapType) {
            case PERF_EVENT_ARRAY -> maxEntries == 0 ? possibleCpus : maxEntries;
            case RINGBUF, USER_RINGBUF -> wholePages(maxEntries);
            default -> maxEntries;
        };
    }

    /** A ring buffer's size, rounded up to a power of two of pages; 0 stays, so that the kernel refuses it. */
    private static long wholePages(long bytes) {
        if (bytes == 0 || bytes % KernelLimits.PAGE_SIZE == 0 && Long.bitCount(bytes / KernelLimits.PAGE_SIZE) == 1) {
            return bytes;
        }
        for (long rounded = KernelLimits.PAGE_SIZE; rounded <= 1L << 31; rounded <<= 1) {
            if (rounded > bytes) {
                return rounded;
            }
        }
        return bytes;
    }

    private void readValues(BtfType.Member member, boolean isLast) throws LinkException {
        if (isInner) {
            throw new LinkException("multi-level inner maps not supported.");
        }
        if (!isLast) {
            throw new LinkException("'values' member should be last.");
        }
        MapType mapType = mapType();
        boolean ofPrograms = mapType == MapType.PROG_ARRAY;
        if (!isMapInMap(mapType) && !ofPrograms) {
            throw new LinkException("should be map-in-map or prog-array.");
        }
        valueSize = size("value", valueSize, Integer.BYTES);
        String what = ofPrograms ? "prog-array value" : "map-in-map inner";
        if (!(types.type(member.typeId()) instanceof BtfType.Array array) || array.count() != 0) {
            throw new LinkException(what + " spec is not a zero-sized array.");
        }
        if (!(types.resolved(array.elementTypeId()) instanceof BtfType.Ptr pointer)) {
            throw new LinkException(
                    what + " def is of unexpected kind " + Btf.kindName(types.resolved(array.elementTypeId())) + ".");
        }
        BtfType target = types.resolved(pointer.typeId());
        if (ofPrograms && target instanceof BtfType.FuncProto) {
            return;
        }
        if (ofPrograms || !(target instanceof BtfType.Composite definition) || definition.isUnion()) {
            throw new LinkException(what + " def is of unexpected kind " + Btf.kindName(target) + ".");
        }
        inner = new MapAttributes(types, name + ".inner", true).read(definition);
    }

    private long number(BtfType.Member member) throws LinkException {
        BtfType type = types.resolved(member.typeId());
        if (!(type instanceof BtfType.Ptr pointer)) {
            throw new LinkException("attr '" + member.name() + "': expected PTR, got " + Btf.kindName(type) + ".");
        }
        BtfType target = types.type(pointer.typeId());
        if (!(target instanceof BtfType.Array array)) {
            throw new LinkException("attr '" + member.name() + "': expected ARRAY, got " + Btf.kindName(target) + ".");
        }
        return array.count();
    }

    private long longNumber(BtfType.Member member) throws LinkException {
        if (types.resolved(member.typeId()) instanceof BtfType.Enum e) {
            if (e.values().size() != 1) {
                throw new LinkException("attr '" + member.name() + "': invalid __ulong");
            }
            return e.values().getFirst().value();
        }
        return number(member);
    }

    private int pointee(BtfType.Member member, String what) throws LinkException {
        BtfType type = types.type(member.typeId());
        if (!(type instanceof BtfType.Ptr pointer)) {
            throw new LinkException(what + " spec is not PTR: " + Btf.kindName(type) + ".");
        }
        return pointer.typeId();
    }

    private long sizeOf(int typeId, String what) throws LinkException {
        long size = types.sizeOf(typeId);
        if (size < 0) {
            throw new LinkException("can't determine " + what + " size for type [" + typeId + "].");
        }
        return size;
    }

    private static long size(String what, long known, long size) throws LinkException {
        if (known != 0 && known != size) {
            throw new LinkException("conflicting " + what + " size " + known + " != " + size + ".");
        }
        return size;
    }
}
