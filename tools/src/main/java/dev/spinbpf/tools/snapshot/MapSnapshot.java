package dev.spinbpf.tools.snapshot;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.MapDef;
import java.util.List;

/**
 * Maps with their contents, as they are written to disk.
 *
 * @param cpus how many CPUs the machine had: a per-CPU map has a value for each
 * @param maps the maps; an entry of a map of maps refers to one by its place in this list, from 1 on
 */
public record MapSnapshot(int cpus, List<SavedMap> maps) {
    /** No maps. */
    public static MapSnapshot empty(int cpus) {
        return new MapSnapshot(cpus, List.of());
    }

    /**
     * A map.
     *
     * @param def its definition; for global data with the bytes of now
     * @param types the types that the definition refers to
     * @param elements what is in it, in the order in which it is to be put in; none for global data
     */
    public record SavedMap(MapDef def, Btf types, List<Element> elements) {}

    /**
     * An element.
     *
     * @param key its key; empty for queues and stacks
     * @param value its value; for per-CPU maps one for each CPU, each rounded up to 8 bytes
     */
    public record Element(byte[] key, byte[] value) {}
}
