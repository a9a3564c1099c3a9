package dev.spinbpf.tools.top;

import dev.spinbpf.tools.client.RemoteObject;
import dev.spinbpf.tools.client.RemoteProgram;
import dev.spinbpf.tools.client.RemoteSample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rates between two looks at a service.
 *
 * @param source the service or the workload
 * @param state of the workload
 * @param elapsedMillis the time that it has run
 * @param locks the locks
 * @param programs the programs that are loaded
 * @param cpus the emulated CPUs
 */
public record TopView(
        String source, String state, long elapsedMillis, List<Lock> locks, List<Program> programs, List<Cpu> cpus) {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final List<String> FAILURES = List.of("aa", "abba", "timeout", "no_node");

    /** Copies the lists. */
    public TopView {
        locks = List.copyOf(locks);
        programs = List.copyOf(programs);
        cpus = List.copyOf(cpus);
    }

    /**
     * A lock.
     *
     * @param failedShare failed attempts among all, 0 to 1
     * @param failuresPerSecond failed attempts by reason
     * @param waitP99Nanos the 99th percentile of waits since the start
     * @param holders CPUs that hold it now, with the contexts in which they took it
     * @param waiters CPUs that want it now
     */
    public record Lock(
            String name,
            double attemptsPerSecond,
            double failedPerSecond,
            double failedShare,
            Map<String, Double> failuresPerSecond,
            long waitP99Nanos,
            List<String> holders,
            List<String> waiters) {}

    /** A program that is loaded; faults are since the start. */
    public record Program(
            String object, String name, String hook, double runsPerSecond, double missesPerSecond, long faults) {}

    /** An emulated CPU. */
    public record Cpu(
            int number,
            String context,
            List<String> running,
            List<String> pending,
            List<String> masked,
            double interruptsPerSecond) {}

    /**
     * Returns the view of what happened between two samples. Where counts are lower than before, the machine is another
     * one, and all of its counts are taken as new.
     *
     * @param before null for the time since the workload's start
     */
    public static TopView between(String source, @Nullable RemoteSample before, RemoteSample now) {
        RemoteSample from = before == null || now.elapsedMillis() < before.elapsedMillis() ? null : before;
        double seconds =
                from == null ? now.elapsedMillis() / 1e3 : (now.takenNanos() - from.takenNanos()) / NANOS_PER_SECOND;
        Rates rates = new Rates(Math.max(seconds, 1e-3));
        return new TopView(
                source,
                now.state(),
                now.elapsedMillis(),
                locks(from, now, rates),
                programs(from, now, rates),
                cpus(from, now, rates));
    }

    /** Differences over a time. */
    private record Rates(double seconds) {
        double of(long before, long now) {
            return (now >= before ? now - before : now) / seconds;
        }
    }

    private static List<Lock> locks(@Nullable RemoteSample before, RemoteSample now, Rates rates) {
        Map<String, RemoteSample.Lock> known = new HashMap<>();
        if (before != null) {
            before.locks().forEach(lock -> known.put(lock.name(), lock));
        }
        List<Lock> locks = new ArrayList<>();
        for (RemoteSample.Lock lock : now.locks()) {
            RemoteSample.Lock earlier = known.get(lock.name());
            double attempts = rates.of(earlier == null ? 0 : earlier.attempts(), lock.attempts());
            double failed = rates.of(earlier == null ? 0 : earlier.failed(), lock.failed());
            Map<String, Double> failures = new HashMap<>();
            for (String reason : FAILURES) {
                long count = lock.results().getOrDefault(reason, 0L);
                failures.put(
                        reason, rates.of(earlier == null ? 0 : earlier.results().getOrDefault(reason, 0L), count));
            }
            locks.add(new Lock(
                    lock.name(),
                    attempts,
                    failed,
                    attempts == 0 ? 0 : failed / attempts,
                    failures,
                    lock.waitP99Nanos(),
                    lock.holders(),
                    lock.waiters()));
        }
        return locks;
    }

    private static List<Program> programs(@Nullable RemoteSample before, RemoteSample now, Rates rates) {
        Map<String, RemoteProgram> known = new HashMap<>();
        if (before != null) {
            for (RemoteObject object : before.objects()) {
                object.programs().forEach(program -> known.put(object.name() + '/' + program.name(), program));
            }
        }
        List<Program> programs = new ArrayList<>();
        for (RemoteObject object : now.objects()) {
            for (RemoteProgram program : object.programs()) {
                RemoteProgram earlier = known.get(object.name() + '/' + program.name());
                if (program.isLoaded()) {
                    programs.add(new Program(
                            object.name(),
                            program.name(),
                            program.hook(),
                            rates.of(earlier == null ? 0 : earlier.runs(), program.runs()),
                            rates.of(earlier == null ? 0 : earlier.misses(), program.misses()),
                            program.faults()));
                }
            }
        }
        return programs;
    }

    private static List<Cpu> cpus(@Nullable RemoteSample before, RemoteSample now, Rates rates) {
        List<Cpu> cpus = new ArrayList<>();
        for (RemoteSample.Cpu cpu : now.cpus()) {
            long earlier = before == null || cpu.number() >= before.cpus().size()
                    ? 0
                    : before.cpus().get(cpu.number()).delivered();
            cpus.add(new Cpu(
                    cpu.number(),
                    cpu.context(),
                    cpu.running(),
                    cpu.pending(),
                    cpu.masked(),
                    rates.of(earlier, cpu.delivered())));
        }
        return cpus;
    }
}
