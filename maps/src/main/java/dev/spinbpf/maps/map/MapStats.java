package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuCounters;
import dev.spinbpf.programs.linux.Errno;

/**
 * The operations on a map by their results: those of programs, which the helpers count, and those of user space. A batch
 * is one operation, however many elements it has.
 */
public final class MapStats {
    private static final int RESULTS = MapResult.values().length;

    /** Number of counters; as many again count what failed for want of a lock. */
    private static final int COUNTERS = MapOperation.values().length * RESULTS;

    private final CpuCounters counters;
    private final boolean[] lockFailed;

    MapStats(int cpus) {
        counters = new CpuCounters(cpus, 2 * COUNTERS);
        lockFailed = new boolean[cpus];
    }

    /** Notes, for the operation that runs on a CPU, that a lock inside the map was not taken; that may be why it fails. */
    void lockFailed(Cpu cpu) {
        lockFailed[cpu.id()] = true;
    }

    private static int index(MapOperation operation, MapResult result) {
        return operation.ordinal() * RESULTS + result.ordinal();
    }

    /**
     * Counts an operation; for the CPU's thread.
     *
     * @param returned what it returned: an error where that is negative
     * @return {@code returned}
     */
    public long count(Cpu cpu, MapOperation operation, long returned) {
        int index = index(operation, MapResult.of(returned));
        counters.add(cpu, index, 1);
        if (lockFailed[cpu.id()]) {
            lockFailed[cpu.id()] = false;
            if (returned < 0) {
                counters.add(cpu, COUNTERS + index, 1);
            }
        }
        return returned;
    }

    /** Counts a lookup, and returns the address that it found, 0 for none. */
    public long countFound(Cpu cpu, MapOperation operation, long address) {
        count(cpu, operation, address == 0 ? -Errno.ENOENT : 0);
        return address;
    }

    /** Returns how many operations had a result. */
    public long count(MapOperation operation, MapResult result) {
        return counters.sum(index(operation, result));
    }

    /** Returns how many operations had a result after a lock inside the map could not be taken. */
    public long countOfLockFailures(MapOperation operation, MapResult result) {
        return counters.sum(COUNTERS + index(operation, result));
    }
}
