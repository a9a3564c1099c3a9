package dev.spinbpf.tools.client;

import java.util.List;
import java.util.Map;

/**
 * The counts of a service at a moment. Its parts are asked for one after the other, so they are from moments that lie
 * some milliseconds apart.
 *
 * @param takenNanos the moment, by {@link System#nanoTime}
 * @param state of the workload: {@code ready}, {@code running}, {@code stopped} or {@code failed}
 * @param elapsedMillis the time that the workload has run
 * @param locks locks that were tried to be taken
 * @param cpus the emulated CPUs
 * @param objects the objects with their programs
 */
public record RemoteSample(
        long takenNanos,
        String state,
        long elapsedMillis,
        List<Lock> locks,
        List<Cpu> cpus,
        List<RemoteObject> objects) {
    /** Copies the lists. */
    public RemoteSample {
        locks = List.copyOf(locks);
        cpus = List.copyOf(cpus);
        objects = List.copyOf(objects);
    }

    /**
     * A lock.
     *
     * @param name its name in reports
     * @param attempts attempts that have ended, in all contexts
     * @param results the same by result: {@code ok}, {@code aa}, {@code abba}, {@code timeout}, {@code no_node}
     * @param waitP99Nanos the 99th percentile of waits since the start, of the context where it is highest
     * @param holders CPUs that hold it, each with the context in which it took it: {@code cpu0 softirq}
     * @param waiters CPUs that want it
     */
    public record Lock(
            String name,
            long attempts,
            Map<String, Long> results,
            long waitP99Nanos,
            List<String> holders,
            List<String> waiters) {
        /** Copies the collections. */
        public Lock {
            results = Map.copyOf(results);
            holders = List.copyOf(holders);
            waiters = List.copyOf(waiters);
        }

        /** Returns the attempts that did not take it. */
        public long failed() {
            return attempts - results.getOrDefault("ok", 0L);
        }
    }

    /**
     * An emulated CPU.
     *
     * @param number its number
     * @param context the context that it is in
     * @param running the programs that are nested on it, the interrupted ones first: {@code sample (task)}
     * @param pending levels of interrupts that wait
     * @param masked levels of interrupts that may not land
     * @param delivered interrupts that landed, of all levels
     */
    public record Cpu(
            int number,
            String context,
            List<String> running,
            List<String> pending,
            List<String> masked,
            long delivered) {
        /** Copies the lists. */
        public Cpu {
            running = List.copyOf(running);
            pending = List.copyOf(pending);
            masked = List.copyOf(masked);
        }
    }
}
