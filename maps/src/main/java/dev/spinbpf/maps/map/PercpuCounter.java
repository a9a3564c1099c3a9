package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;

/**
 * A 64-bit count kept apart for each CPU, a cache line each. Only its CPU writes a part, and no interrupt lands between
 * the load and the store, because neither is a schedule point; a sum taken meanwhile may be behind.
 */
final class PercpuCounter {
    static final int STRIDE = 64;

    private PercpuCounter() {}

    static void add(long counters, Cpu cpu, int change) {
        long address = counters + (long) cpu.id() * STRIDE;
        GuestMemory.setLongOpaque(address, GuestMemory.getLong(address) + change);
    }

    static long sum(long counters, int cpuCount) {
        long sum = 0;
        for (int cpuId = 0; cpuId < cpuCount; cpuId++) {
            sum += GuestMemory.getLongOpaque(counters + (long) cpuId * STRIDE);
        }
        return sum;
    }
}
