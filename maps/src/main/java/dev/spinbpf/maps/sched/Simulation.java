package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.VirtualClock;
import dev.spinbpf.maps.sync.ScheduleHook;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario.
 *
 * <p>Each strand is a virtual thread and one of them has the baton. At each schedule point the running strand asks the
 * strategy what happens before its access: it goes on, an interrupt lands on its CPU, or another strand goes on
 * instead. A strand that waits for a word is not asked until some strand has written to that word, or time has passed.
 * A switch among strands hands the baton over; going on costs no switch.
 *
 * <p>Virtual time passes a little at each point, and when no strand can go on it jumps: to the next sleeper's time, or
 * by {@value #TICK_NANOS} ns, after which all waiting strands look again. Locks check for deadlocks when more than a
 * millisecond has passed.
 */
public final class Simulation implements ScheduleHook, Strategy.Options {
    private static final long START_NANOS = 1_000_000_000;
    static final long STEP_NANOS = 10;
    static final long TICK_NANOS = 1_000_001;

    static final int MOST_STRANDS = 64;
    private static final int MOST_OPTIONS = MOST_STRANDS * ContextLevel.count();

    private final Limits limits;
    private final Strategy strategy;
    private final VirtualClock clock = new VirtualClock(START_NANOS);
    private final List<Strand> strands = new ArrayList<>();
    private final List<Runnable> endChecks = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final @Nullable Strand[] optionStrands = new @Nullable Strand[MOST_OPTIONS];
    private final @Nullable ContextLevel[] optionLandings = new @Nullable ContextLevel[MOST_OPTIONS];
    private @Nullable Timeline timeline;

    private volatile @Nullable Strand current;
    private int optionCount;
    private boolean optionMayContinue;
    private int optionRunning = -1;
    private long optionPosition;
    private int steps;
    private int switches;
    private int preemptions;
    private int interrupts;
    private int[] choices = new int[64];
    private int choiceCount;
    private @Nullable Throwable failure;
    private volatile boolean aborting;

    Simulation(Limits limits, Strategy strategy) {
        this.limits = limits;
        this.strategy = strategy;
    }

    // Calls of scenarios.

    /** Makes a machine whose time is the run's. */
    public Cpus machine(int cpus) {
        return new Cpus(cpus, clock);
    }

    /** The run's time. */
    public VirtualClock clock() {
        return clock;
    }

    /** Adds what a CPU does; at most one strand to a CPU. */
    public void strand(Cpu cpu, Runnable body) {
        int index = strands.size();
        if (index == MOST_STRANDS) {
            throw new IllegalStateException("more than " + MOST_STRANDS + " strands");
        }
        strands.add(new Strand(cpu, index, () -> runStrand(index, body)));
    }

    /** Adds a check to be made when all strands have ended. */
    public void atEnd(Runnable check) {
        endChecks.add(check);
    }

    /** Called by a strand: does nothing for some virtual time, during which the others run. */
    public void sleep(long nanos) {
        Strand me = runningStrand();
        me.sleepUntil(clock.nanoTime() + nanos);
        handOver(me);
    }

    /** Returns how many schedule points the run has passed. */
    @Override
    public int steps() {
        return steps;
    }

    /** Returns how often a strand has handed over to another. */
    public int switches() {
        return switches;
    }

    /** Returns how often a strand was stopped that could have gone on, and how many interrupts landed. */
    int disturbances() {
        return preemptions + interrupts;
    }

    /** The choices so far. */
    public Schedule schedule() {
        return Schedule.of(choices, choiceCount);
    }

    void record(Timeline newTimeline) {
        timeline = newTimeline;
    }

    /** The record of the run, in a run that is recorded. */
    public @Nullable Timeline timeline() {
        return timeline;
    }

    // The run.

    /** Runs; the caller has installed a hook that leads to {@link #reach}. */
    void run() {
        try {
            strands.forEach(Strand::start);
            passOn(null);
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a simulation ran", e);
        }
        current = null;
        if (failure == null) {
            try {
                endChecks.forEach(Runnable::run);
            } catch (RuntimeException | AssertionError e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw new ScheduleFailure("a run failed: " + failure.getMessage(), schedule(), failure);
        }
    }

    private Strand runningStrand() {
        Strand me = current;
        if (me == null || !me.isCurrentThread()) {
            throw new IllegalStateException("not called by the running strand");
        }
        return me;
    }

    private void runStrand(int index, Runnable body) {
        Strand me = strands.get(index);
        me.awaitBaton();
        try {
            checkAborting();
            body.run();
        } catch (StrandAborted e) {
            assert aborting;
        } catch (RuntimeException | Error e) {
            fail(e);
        }
        me.finish();
        passOn(me);
    }

    private void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        aborting = true;
    }

    private void checkAborting() {
        if (aborting) {
            throw new StrandAborted();
        }
    }

    /** Unwinds the strands of a run that has failed already. */
    private static final class StrandAborted extends Error {
        private static final long serialVersionUID = 1L;

        StrandAborted() {
            super("the run has failed", null, false, false);
        }
    }

    // Schedule points.

    @Override
    public void reach(SharedAccess access, Object owner, long wordAddress) {
        Strand me = current;
        if (access == SharedAccess.POLL || me == null || !me.isCurrentThread()) {
            return;
        }
        checkAborting();
        long address = owner.equals(SchedulePoint.GUEST) ? wordAddress & -8 : wordAddress;
        countStep();
        me.countStep();
        if (timeline != null) {
            timeline.add(clock.nanoTime(), me.cpu(), access, owner, wordAddress);
        }
        if (access == SharedAccess.WAIT && me.beginWait(owner, address)) {
            waitUntilWoken(me);
            return;
        }
        while (!decide(me)) {
            countStep();
        }
        noteAccess(me, access, owner, address);
    }

    private void countStep() {
        steps++;
        clock.advance(STEP_NANOS);
        if (steps > limits.steps()) {
            fail(new AssertionError("no end after " + steps + " schedule points"));
            checkAborting();
        }
    }

    private void noteAccess(Strand me, SharedAccess access, Object owner, long address) {
        if (access == SharedAccess.READ || access == SharedAccess.READ_MODIFY_WRITE) {
            me.noteRead(owner, address);
        }
        if (access == SharedAccess.WRITE || access == SharedAccess.READ_MODIFY_WRITE) {
            for (Strand other : strands) {
                if (other != me) {
                    other.noteWrite(owner, address);
                }
            }
        }
    }

    /** Lets one thing happen. Returns true when the strand may go on, false when there is a further choice before. */
    private boolean decide(Strand me) {
        optionCount = 0;
        addOption(me, null);
        addLandings(me);
        if (preemptions < limits.preemptions()) {
            addOthers(me);
        }
        int choice = choose(me, true);
        Strand chosen = optionStrands[choice];
        ContextLevel landing = optionLandings[choice];
        if (chosen == me || chosen == null) {
            if (landing == null) {
                return true;
            }
            land(me, landing);
            return false;
        }
        preemptions++;
        if (landing != null) {
            chosen.landOnResume(landing);
        }
        switchTo(me, chosen);
        return true;
    }

    /** Waits, unless an interrupt lands first: the strand looks again after it. */
    private void waitUntilWoken(Strand me) {
        optionCount = 0;
        addOption(me, null);
        addLandings(me);
        ContextLevel landing = optionLandings[choose(me, true)];
        if (landing == null) {
            handOver(me);
        } else {
            me.wakeFromWait();
            land(me, landing);
        }
    }

    private void land(Strand me, ContextLevel level) {
        interrupts++;
        if (timeline != null) {
            timeline.addInterrupt(clock.nanoTime(), me.cpu(), level);
        }
        long position = me.enterInterrupt();
        me.cpu().raise(level);
        me.cpu().poll();
        me.leaveInterrupt(position);
        me.forgetReads();
    }

    private boolean mayLand(Strand strand) {
        return interrupts < limits.interrupts() && !strand.cpu().inNmi();
    }

    private void addLandings(Strand strand) {
        if (!mayLand(strand)) {
            return;
        }
        Cpu cpu = strand.cpu();
        for (ContextLevel level : limits.levels()) {
            boolean masked = level != ContextLevel.NMI && !cpu.irqsEnabled();
            if (level.compareTo(cpu.level()) > 0 && !masked) {
                addOption(strand, level);
            }
        }
    }

    private void addOthers(Strand me) {
        for (int i = 1; i < strands.size(); i++) {
            Strand other = strands.get((me.index() + i) % strands.size());
            if (other.isRunnable()) {
                addOption(other, null);
            } else if (other.isWaiting()) {
                addLandings(other);
            }
        }
    }

    private void addOption(Strand strand, @Nullable ContextLevel landing) {
        optionStrands[optionCount] = strand;
        optionLandings[optionCount] = landing;
        optionCount++;
    }

    private int choose(@Nullable Strand me, boolean mayContinue) {
        if (optionCount == 1) {
            return 0;
        }
        optionMayContinue = mayContinue;
        optionRunning = me == null ? -1 : me.index();
        optionPosition = me == null ? 0 : me.position();
        int choice = strategy.choose(this);
        if (choiceCount == choices.length) {
            choices = Arrays.copyOf(choices, 2 * choiceCount);
        }
        choices[choiceCount++] = choice;
        return choice;
    }

    // Options, which strategies read.

    @Override
    public int count() {
        return optionCount;
    }

    @Override
    public boolean mayContinue() {
        return optionMayContinue;
    }

    @Override
    public int running() {
        return optionRunning;
    }

    @Override
    public long position() {
        return optionPosition;
    }

    @Override
    public int strand(int option) {
        return optionStrand(option).index();
    }

    private Strand optionStrand(int option) {
        Strand strand = optionStrands[option];
        if (option >= optionCount || strand == null) {
            throw new IndexOutOfBoundsException("no option " + option + " among " + optionCount);
        }
        return strand;
    }

    @Override
    public @Nullable ContextLevel landing(int option) {
        return optionLandings[option];
    }

    // Switching.

    private void switchTo(Strand me, Strand next) {
        switches++;
        current = next;
        next.giveBaton();
        me.awaitBaton();
        afterResume(me);
    }

    private void afterResume(Strand me) {
        checkAborting();
        ContextLevel landing = me.takeLanding();
        if (landing != null) {
            land(me, landing);
        }
    }

    /** Lets another strand go on, as {@code me} cannot; returns when {@code me} can and is chosen. */
    private void handOver(Strand me) {
        Strand next = nextRunnable(me);
        if (next == me) {
            checkAborting();
            return;
        }
        if (next == null) {
            throw new IllegalStateException("a strand that waits can always be woken by time");
        }
        switchTo(me, next);
    }

    /** Lets another strand go on after {@code finished} has ended, or ends the run. */
    private void passOn(@Nullable Strand finished) {
        Strand next;
        try {
            next = nextRunnable(finished);
        } catch (RuntimeException e) {
            fail(e);
            next = anyNotDone();
        }
        current = next;
        if (next == null) {
            ended.countDown();
        } else {
            switches++;
            next.giveBaton();
        }
    }

    /** Chooses among the strands that can go on when {@code me} cannot; null when all have ended. */
    private @Nullable Strand nextRunnable(@Nullable Strand me) {
        if (aborting) {
            return anyNotDone();
        }
        collectRunnable(me);
        boolean byTime = false;
        while (optionCount == 0) {
            if (!passTime()) {
                return aborting ? anyNotDone() : null;
            }
            byTime = true;
            collectRunnable(me);
        }
        // After time has passed all look again, in turn: another order counts as a preemption, or there would be no end
        // of orders.
        if (byTime && preemptions >= limits.preemptions()) {
            return optionStrands[0];
        }
        int choice = choose(me, byTime);
        if (byTime && choice != 0) {
            preemptions++;
        }
        return optionStrands[choice];
    }

    private @Nullable Strand anyNotDone() {
        for (Strand strand : strands) {
            if (strand.state() != Strand.State.DONE) {
                strand.wakeFromWait();
                return strand;
            }
        }
        return null;
    }

    private void collectRunnable(@Nullable Strand me) {
        optionCount = 0;
        int first = me == null ? 0 : me.index() + 1;
        for (int i = 0; i < strands.size(); i++) {
            Strand strand = strands.get((first + i) % strands.size());
            if (strand.isRunnable()) {
                addOption(strand, null);
            }
        }
    }

    /** Lets virtual time jump. Returns false when nobody is left to see it, or when it has become too late. */
    private boolean passTime() {
        long next = Long.MAX_VALUE;
        boolean anyWaiting = false;
        for (Strand strand : strands) {
            next = Math.min(next, strand.wakeNanos());
            anyWaiting |= strand.isWaiting();
        }
        if (anyWaiting) {
            next = Math.min(next, clock.nanoTime() + TICK_NANOS);
        }
        if (next == Long.MAX_VALUE) {
            return false;
        }
        if (next - START_NANOS > limits.virtualNanos()) {
            fail(new AssertionError("a strand still waits after " + limits.virtualNanos() + " ns of virtual time"));
            return false;
        }
        boolean tick = next == clock.nanoTime() + TICK_NANOS;
        clock.advanceTo(next);
        for (Strand strand : strands) {
            strand.wakeIfDue(next);
            if (tick) {
                strand.wakeFromWait();
            }
        }
        return true;
    }
}
