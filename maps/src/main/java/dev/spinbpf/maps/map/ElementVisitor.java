package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;

/** A function that {@code bpf_for_each_map_elem} calls for each element. */
@FunctionalInterface
public interface ElementVisitor {
    /**
     * Looks at an element.
     *
     * @param key address of the key
     * @param value address of the value; per-CPU maps: of this CPU's
     * @return 0 to go on, anything else to stop
     */
    long visit(Cpu cpu, BpfMap map, long key, long value);
}
