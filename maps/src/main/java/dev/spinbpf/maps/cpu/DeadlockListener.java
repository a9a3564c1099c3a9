package dev.spinbpf.maps.cpu;

import java.util.List;

/** Takes note of CPUs that can never go on. */
@FunctionalInterface
public interface DeadlockListener {
    /**
     * CPUs wait for each other: each for something that the next one has, the last for something of the first. They
     * stand still until this returns. Called once, on the thread of one of them.
     *
     * @param waits the wait of each
     */
    void found(List<StuckCpu> waits);

    /** A CPU and the wait that it is in. */
    record StuckCpu(Cpu cpu, LockWaits.Wait waiting) {}
}
