package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;

/** Stops what runs on behalf of a value that goes away: its timer, work queue or task work. */
@FunctionalInterface
public interface FieldCanceller {
    /** Does nothing. */
    FieldCanceller NONE = (cpu, map, value) -> {};

    /** The kernel's {@code bpf_obj_cancel_fields}; called for values whose type has such a field. */
    void cancel(Cpu cpu, BpfMap map, long value);
}
