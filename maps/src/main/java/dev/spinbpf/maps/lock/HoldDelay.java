package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;

/** Work that a CPU does in a critical section, right after it took the lock and before what the section is for. */
@FunctionalInterface
public interface HoldDelay {
    /** No work. */
    HoldDelay NONE = (cpu, lock) -> {};

    /** Called on the CPU's thread, at its present level. It may poll, so that what is not masked lands on the holder. */
    void taken(Cpu cpu, LockClass lock);
}
