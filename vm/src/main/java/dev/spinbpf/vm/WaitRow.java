package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;

/**
 * A wait for a lock that goes on.
 *
 * @param cpu the CPU that waits
 * @param level its level
 * @param program the program that waits; empty for user space
 * @param lock the lock's name
 * @param nanos how long it has waited
 * @param holder the CPU that holds the lock, -1 where that is not known
 * @param interrupted true where an interrupt keeps the waiter from going on
 */
public record WaitRow(
        int cpu, ContextLevel level, String program, String lock, long nanos, int holder, boolean interrupted) {}
