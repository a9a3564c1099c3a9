package dev.spinbpf.programs.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map as an object declares it. Global data sections are maps too: arrays of one element.
 *
 * @param name the map's name; for global data libbpf's name for it, such as {@code .bss} or {@code .data.A}
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
 * @param initialData initial bytes of the only element for global data, else null
 * @param readOnly frozen after creation ({@code .rodata}): the verifier may fold its contents
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
        boolean readOnly) {

    /** Whether the map holds a section of global variables. */
    public boolean isGlobalData() {
        return initialData != null;
    }

    /**
     * An initial element: the program or map of that name, at this index.
     *
     * @param index the key
     * @param target name of a program or map of the same object
     */
    public record Slot(int index, String target) {}
}
