package dev.spinbpf.programs.model;

import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map as an object declares it. Global data sections are maps too: arrays of one element.
 *
 * @param name the map's name; for global data the name that libbpf gives it, such as {@code my_objec.bss} for object
 *     {@code my_object_name} and {@code .data.A} for a section of that name
 * @param type the kind of map
 * @param keySize size of a key in bytes
 * @param valueSize size of a value in bytes
 * @param maxEntries most entries, or bytes for ring buffers and pages for arenas
 * @param flags creation flags, {@code BPF_F_*}
 * @param mapExtra further attribute of some kinds (bloom filter: number of hashes; arena: address)
 * @param numaNode preferred node, meaningful with {@code BPF_F_NUMA_NODE}
 * @param keyTypeId type of the key in the object's BTF, or 0
 * @param valueTypeId type of the value in the object's BTF, or 0; for global data its DATASEC
 * @param inner template of the inner map for maps of maps, else null
 * @param slots initial values declared with {@code .values}
 * @param initialData initial bytes: of the only element for global data (zeros follow), of the whole for jump tables
 *     ({@link MapType#INSN_ARRAY}) and of the end of an {@link MapType#ARENA}; else null
 * @param readOnly frozen after creation ({@code .rodata}): the verifier may fold its contents
 * @param section for global data the section that it holds ({@code .bss}), else null
 * @param pinned whether the loader pins it by name ({@code LIBBPF_PIN_BY_NAME}), so that objects share it
 */
public record MapDef(
        String name,
        MapType type,
        int keySize,
        int valueSize,
        long maxEntries,
        long flags,
        long mapExtra,
        int numaNode,
        int keyTypeId,
        int valueTypeId,
        @Nullable MapDef inner,
        List<Slot> slots,
        byte @Nullable [] initialData,
        boolean readOnly,
        @Nullable String section,
        boolean pinned) {
    /** The name of tables of jumps, which libbpf makes of the section of this name. */
    public static final String JUMP_TABLES = ".jumptables";

    /** Starts a map without elements, flags, types and contents: all of its numbers are 0. */
    public static Builder builder(String name, MapType type) {
        return new Builder(name, type);
    }

    /** Starts a map with all that this one has. */
    public Builder toBuilder() {
        return new Builder(name, type)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .mapExtra(mapExtra)
                .numaNode(numaNode)
                .typeIds(keyTypeId, valueTypeId)
                .inner(inner)
                .slots(slots)
                .initialData(initialData)
                .readOnly(readOnly)
                .section(section)
                .pinned(pinned);
    }

    /** Returns true if the map holds a section of global variables. */
    public boolean isGlobalData() {
        return initialData != null && (type == MapType.ARRAY || type == MapType.PERCPU_ARRAY);
    }

    /** The name as the kernel shows it: the first 15 characters. */
    public String kernelName() {
        return name.length() <= KernelLimits.MAX_NAME_CHARS ? name : name.substring(0, KernelLimits.MAX_NAME_CHARS);
    }

    /**
     * An initial element: the program or map of that name, at this index.
     *
     * @param index the key
     * @param target name of a program or map of the same object
     */
    public record Slot(int index, String target) {}

    /** A map that is being put together: by name rather than by position. Methods are named after the components. */
    public static final class Builder {
        private final String name;
        private final MapType type;
        private int keySize;
        private int valueSize;
        private long maxEntries;
        private long flags;
        private long mapExtra;
        private int numaNode;
        private int keyTypeId;
        private int valueTypeId;
        private @Nullable MapDef inner;
        private List<Slot> slots = List.of();
        private byte @Nullable [] initialData;
        private boolean readOnly;
        private @Nullable String section;
        private boolean pinned;

        private Builder(String name, MapType type) {
            this.name = name;
            this.type = type;
        }

        public Builder keySize(int bytes) {
            keySize = bytes;
            return this;
        }

        public Builder valueSize(int bytes) {
            valueSize = bytes;
            return this;
        }

        public Builder maxEntries(long count) {
            maxEntries = count;
            return this;
        }

        public Builder flags(long bits) {
            flags = bits;
            return this;
        }

        public Builder mapExtra(long value) {
            mapExtra = value;
            return this;
        }

        public Builder numaNode(int node) {
            numaNode = node;
            return this;
        }

        /** Sets {@code keyTypeId} and {@code valueTypeId}. */
        public Builder typeIds(int ofKey, int ofValue) {
            keyTypeId = ofKey;
            valueTypeId = ofValue;
            return this;
        }

        public Builder inner(@Nullable MapDef template) {
            inner = template;
            return this;
        }

        public Builder slots(List<Slot> initialSlots) {
            slots = initialSlots;
            return this;
        }

        public Builder initialData(byte @Nullable [] bytes) {
            initialData = bytes;
            return this;
        }

        public Builder readOnly(boolean frozen) {
            readOnly = frozen;
            return this;
        }

        public Builder section(@Nullable String sectionName) {
            section = sectionName;
            return this;
        }

        public Builder pinned(boolean byName) {
            pinned = byName;
            return this;
        }

        public MapDef build() {
            return new MapDef(
                    name,
                    type,
                    keySize,
                    valueSize,
                    maxEntries,
                    flags,
                    mapExtra,
                    numaNode,
                    keyTypeId,
                    valueTypeId,
                    inner,
                    slots,
                    initialData,
                    readOnly,
                    section,
                    pinned);
        }
    }
}
