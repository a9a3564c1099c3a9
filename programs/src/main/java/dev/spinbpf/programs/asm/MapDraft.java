package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A map, or a section of global data, while its lines are read. The numbers are those of {@link MapDef}, by name, repeated
 * here because they change while lines are read.
 */
final class MapDraft {
    private static final String PERCPU = ".percpu";
    private static final int SUFFIX_LENGTH = 7;

    final MapType type;
    final Span at;
    final @Nullable String section;
    String name;
    int keySize;
    int valueSize;
    long maxEntries;
    long flags;
    long mapExtra;
    int numaNode;
    int keyTypeId;
    int valueTypeId;
    boolean readOnly;

    @Nullable
    MapDraft inner;

    final List<MapDef.Slot> slots = new ArrayList<>();

    private final Map<String, Member> membersByName = new HashMap<>();
    private final TreeMap<Integer, Member> membersByOffset = new TreeMap<>();
    private byte[] data = new byte[0];
    private int dataSize = -1;

    MapDraft(String name, MapType type, Span at) {
        this(name, type, at, null);
    }

    private MapDraft(String name, MapType type, Span at, @Nullable String section) {
        this.name = name;
        this.type = type;
        this.at = at;
        this.section = section;
    }

    /** A section, as the map that libbpf makes of it. */
    static MapDraft section(String section, String fileName, Span at) {
        boolean isPercpu = section.equals(PERCPU) || section.startsWith(PERCPU + ".");
        MapDraft map = isPercpu
                ? new MapDraft(section, MapType.PERCPU_ARRAY, at, section)
                : new MapDraft(mapName(section, fileName), MapType.ARRAY, at, section);
        map.readOnly = section.startsWith(".rodata");
        map.keySize = Integer.BYTES;
        map.maxEntries = 1;
        map.flags = (isPercpu ? 0 : MapFlags.BPF_F_MMAPABLE) | (map.readOnly ? MapFlags.BPF_F_RDONLY_PROG : 0);
        map.dataSize = 0;
        return map;
    }

    /** libbpf's name for a section's map: the object's name before the section's, 15 characters together. */
    private static String mapName(String section, String fileName) {
        if (section.lastIndexOf('.') > 0) {
            return section;
        }
        String base = fileName.substring(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
        int dot = base.indexOf('.');
        String object = dot < 0 ? base : base.substring(0, dot);
        int suffix = Math.max(SUFFIX_LENGTH, section.length());
        int prefix = Math.clamp(KernelLimits.MAX_NAME_CHARS - suffix, 0, object.length());
        return (object.substring(0, prefix) + section).replaceAll("[^A-Za-z0-9_.]", "_");
    }

    /** Number of bytes of a section, or of a map's initial content; -1 if it has none. */
    int dataSize() {
        return dataSize;
    }

    /** Makes the section, or the map's initial content, at least so long. */
    void grow(int size) {
        if (size > data.length) {
            data = Arrays.copyOf(data, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(size, 2L * data.length)));
        }
        dataSize = Math.max(dataSize, size);
    }

    /** Puts bytes into what {@link #grow} made room for. */
    void put(int offset, byte[] bytes, int count) {
        System.arraycopy(bytes, 0, data, offset, count);
    }

    /** Adds a field or a variable; false if it lies where another one does, or has its name. */
    boolean add(Member member) {
        Map.Entry<Integer, Member> before = membersByOffset.lowerEntry(member.end());
        if (before != null && before.getValue().end() > member.offset || membersByName.containsKey(member.name)) {
            return false;
        }
        membersByName.put(member.name, member);
        membersByOffset.put(member.offset, member);
        return true;
    }

    /** The first byte after the last member. */
    int end() {
        return membersByOffset.isEmpty()
                ? 0
                : membersByOffset.lastEntry().getValue().end();
    }

    MapDef build(BtfDraft types) {
        if (!membersByName.isEmpty() && valueTypeId == 0) {
            valueTypeId = section == null ? struct(types) : dataSection(types, section);
            if (section == null && keyTypeId == 0 && keySize > 0) {
                keyTypeId = types.bytes(keySize);
            }
        }
        if (section != null) {
            valueSize = dataSize;
        }
        // All attributes, as MapDef.toBuilder has them: whoever adds one adds it to both.
        return MapDef.builder(name, type)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .mapExtra(mapExtra)
                .numaNode(numaNode)
                .typeIds(keyTypeId, valueTypeId)
                .inner(inner == null ? null : inner.build(types))
                .slots(List.copyOf(slots))
                .initialData(dataSize < 0 ? null : Arrays.copyOf(data, dataSize))
                .readOnly(readOnly)
                .section(section)
                .build();
    }

    private int struct(BtfDraft types) {
        List<BtfType.Member> fields = new ArrayList<>();
        int end = 0;
        for (Member member : membersByOffset.values()) {
            if (member.offset > end) {
                fields.add(filler(types, end, member.offset));
            }
            fields.add(new BtfType.Member(member.name, member.typeId(types), (long) member.offset * Byte.SIZE, 0));
            end = member.end();
        }
        if (valueSize > end) {
            fields.add(filler(types, end, valueSize));
        }
        return types.struct(name + "_value", valueSize, fields);
    }

    private static BtfType.Member filler(BtfDraft types, int from, int to) {
        int bytes = types.array(types.bytes(1), to - from);
        return new BtfType.Member("bytes_" + from, bytes, (long) from * Byte.SIZE, 0);
    }

    /**
     * Variables are static where the section is not mapped into the loader's memory, as libbpf maps what others may
     * see.
     */
    private int dataSection(BtfDraft types, String sectionName) {
        BtfType.Linkage linkage =
                (flags & MapFlags.BPF_F_MMAPABLE) == 0 ? BtfType.Linkage.STATIC : BtfType.Linkage.GLOBAL;
        List<BtfType.SecVar> variables = new ArrayList<>();
        for (Member member : membersByOffset.values()) {
            int variable = types.variable(member.name, member.typeId(types), linkage);
            variables.add(new BtfType.SecVar(variable, member.offset, member.size));
        }
        return types.add(new BtfType.DataSec(sectionName, dataSize, variables));
    }

    /** The section's variables: name to offset. */
    Map<String, Integer> variables(Btf btf) {
        Map<String, Integer> offsets = new HashMap<>();
        if (section == null) {
            return offsets;
        }
        membersByName.forEach((variable, member) -> offsets.put(variable, member.offset));
        if (valueTypeId < btf.size() && btf.type(valueTypeId) instanceof BtfType.DataSec types) {
            for (BtfType.SecVar placed : types.vars()) {
                offsets.putIfAbsent(btf.type(placed.varTypeId()).name(), (int) placed.offset());
            }
        }
        return offsets;
    }

    /**
     * A field of a value, or a variable.
     *
     * @param count number of elements, or -1 if it is no array
     * @param size in bytes, of all of it
     */
    record Member(String name, String type, int count, int offset, int size) {
        int end() {
            return offset + size;
        }

        int typeId(BtfDraft types) {
            return types.named(type, count);
        }
    }
}
