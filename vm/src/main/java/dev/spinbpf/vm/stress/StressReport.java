package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.Deadlock;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.WaitRow;
import dev.spinbpf.vm.deferred.DeferredRow;
import dev.spinbpf.vm.exec.Fault;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events of a stress run, so far or in all.
 *
 * @param elapsedNanos how long it has gone on
 * @param cpus emulated CPUs
 * @param realProcessors processors of the machine that emulates them
 * @param seed the seed it was run with
 * @param programs one row for each attached program
 * @param locks one row for each lock that anybody tried to take: locks of programs, and locks inside maps by map
 * @param interrupts interrupts delivered, by level
 * @param events one row for each kind of events that come by the clock
 * @param deferred one row for each callback of a timer, work queue or task work
 * @param outputs what the programs wrote to their streams, known when the run has ended; programs that wrote nothing
 *     are absent
 * @param faults the first faults, at most {@link #MAX_FAULTS}
 * @param stuckCpus CPUs that did not stop in time, and why not
 * @param failures what maps and allocations failed to do, each reason apart; those that did not come are absent
 * @param waits waits for locks that have gone on for {@link #LONG_WAIT_NANOS} or more; with a deadlock, all when it was found
 * @param deadlock CPUs that waited for each other, by which the run ended; or null
 * @param promises the promises and their outcomes, known when the run has ended
 */
public record StressReport(
        long elapsedNanos,
        int cpus,
        int realProcessors,
        long seed,
        List<ProgramRow> programs,
        List<LockRow> locks,
        Map<ContextLevel, Long> interrupts,
        List<EventRow> events,
        List<DeferredRow> deferred,
        List<ProgramOutput> outputs,
        List<Fault> faults,
        List<String> stuckCpus,
        List<FailureRow> failures,
        List<WaitRow> waits,
        @Nullable Deadlock deadlock,
        List<PromiseRow> promises) {

    /** Returns the same report with the outcomes of promises. */
    StressReport withPromises(List<PromiseRow> value) {
        return new StressReport(
                elapsedNanos,
                cpus,
                realProcessors,
                seed,
                programs,
                locks,
                interrupts,
                events,
                deferred,
                outputs,
                faults,
                stuckCpus,
                failures,
                waits,
                deadlock,
                value);
    }

    /** Returns true where CPUs did not stop, or only because a deadlock was broken off. */
    public boolean isStuck() {
        return !stuckCpus.isEmpty() || deadlock != null;
    }

    /** Most faults that are kept. */
    public static final int MAX_FAULTS = 10;

    /** Shortest wait that is shown. */
    public static final long LONG_WAIT_NANOS = 10_000_000;

    /**
     * A program.
     *
     * @param name its name
     * @param section its section
     * @param type its kind, as bpftool prints it
     * @param hook where it is attached
     * @param runs runs by the level at which they ran; levels without any event are absent
     * @param results how often each value of r0 (its lower half) came
     * @param otherResults how often a value came that is not in {@code results}
     * @param insns instructions executed
     */
    public record ProgramRow(
            String name,
            String section,
            String type,
            String hook,
            Map<ContextLevel, Runs> runs,
            Map<Long, Long> results,
            long otherResults,
            long insns) {}

    /**
     * Runs at a level.
     *
     * @param ended runs that ended with a result
     * @param misses runs that a recursion guard prevented
     * @param faults runs that were stopped by a fault
     */
    public record Runs(long ended, long misses, long faults) {}

    /**
     * Operations that failed.
     *
     * @param map name of the map; empty for objects that programs allocate
     * @param operation the operation: {@code update}, {@code reserve}
     * @param result what the program got: {@code EDEADLK}, {@code NULL}
     * @param reason why; empty where the result says it
     * @param times how often
     */
    public record FailureRow(String map, String operation, String result, String reason, long times) {}

    /**
     * Events that come by the clock.
     *
     * @param hook the hook that they fire
     * @param level the level at which they come
     * @param pacing how often
     * @param programs the programs that they run
     * @param planned events whose turn has come, on all CPUs together
     * @param taken those that a CPU took; the rest came while the one before was still waiting, or waits now
     */
    public record EventRow(
            String hook, ContextLevel level, Pacing pacing, List<String> programs, long planned, long taken) {}
}
