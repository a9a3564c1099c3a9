package dev.spinbpf.maps.cpu;

/** Knows the ordinary spin locks that programs hold on a CPU, which no table of held locks has. */
@FunctionalInterface
public interface SpinLockHolder {
    /** Returns true where a program on the CPU holds the lock. Any thread may ask while the CPU waits for a lock. */
    boolean holds(long lock);
}
