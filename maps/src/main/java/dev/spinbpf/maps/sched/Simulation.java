package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.VirtualClock;
import dev.spinbpf.maps.sync.ElementEvent;
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
public final class Simulation implements ScheduleHook {
    private static final long START_NANOS = 1_000_000_000;
    static final long STEP_NANOS = 10;
    static final long TICK_NANOS = 1_000_001;

    static final int MOST_STRANDS = 64;

    private final Limits limits;
    private final Strategy strategy;
    private final Watcher watcher;
    private final long stepNanos;
    private final VirtualClock clock = new VirtualClock(START_NANOS);
    private final List<Strand> strands = new ArrayList<>();
    private final List<Runnable> endChecks = new ArrayList<>();
    private final OptionList options = new OptionList();
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable Timeline timeline;

    private volatile @Nullable Strand current;
    private int steps;
    private int switches;
    private int preemptions;
    private int interrupts;
    private int[] choices = new int[64];
    private int choiceCount;
    private @Nullable Throwable failure;
    private volatile boolean aborting;
    private boolean cut;
    private boolean over;

    Simulation(Limits limits, Strategy strategy) {
        this(limits, strategy, Watcher.NONE, STEP_NANOS);
    }

    /**
     * A run of a scenario that is to be prepared.
     *
     * @param stepNanos how much virtual time passes at each schedule point; 0 where it passes only when nobody can go on
     */
    public Simulation(Limits limits, Strategy strategy, Watcher watcher, long stepNanos) {
        this.limits = limits;
        this.strategy = strategy;
        this.watcher = watcher;
        this.stepNanos = stepNanos;
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
        strands.add(new Strand(cpu, index, this, () -> runStrand(index, body)));
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
    public int steps() {
        return steps;
    }

    /** Returns how often a strand has handed over to another. */
    public int switches() {
        return switches;
    }

    /** Returns how often a strand was stopped that could have gone on, and how many interrupts landed. */
    public int disturbances() {
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

    /**
     * Runs, between {@link SchedulePoint#begin} and {@link SchedulePoint#end}.
     *
     * @throws ScheduleFailure where a strand or a check failed, or the run did not end
     */
    public void run() {
        try {
            strands.forEach(Strand::start);
            passOn(null);
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a simulation ran", e);
        }
        current = null;
        if (failure == null && !cut) {
            try {
                endChecks.forEach(Runnable::run);
            } catch (RuntimeException | AssertionError e) {
                failure = e;
            }
        }
        if (failure != null && !cut) {
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

    /** Breaks the run off: it has shown what it was to show. Called by a strand, which does not return from here. */
    public void cut() {
        cutShort();
        checkAborting();
    }

    private void cutShort() {
        cut = true;
        aborting = true;
    }

    /** Returns true where the run was broken off, so that its final checks were not made. */
    public boolean isCut() {
        return cut;
    }

    // Schedule points.

    @Override
    public void reach(SharedAccess access, Object owner, long wordAddress, int sizeBytes) {
        Strand me = current;
        boolean isPoint = access != SharedAccess.POLL && (access != SharedAccess.MASK || !watcher.equals(Watcher.NONE));
        if (!isPoint || me == null || !me.isCurrentThread()) {
            return;
        }
        step(me);
        long address = owner.equals(SchedulePoint.GUEST) ? wordAddress & -8 : wordAddress;
        if (timeline != null) {
            timeline.add(clock.nanoTime(), me.cpu(), access, owner, wordAddress);
        }
        if (access == SharedAccess.WAIT) {
            watcher.accessed(me.cpu(), access, owner, wordAddress, sizeBytes);
            if (me.beginWait(owner, address)) {
                if (watcher.isChoice(me.cpu(), access, owner, wordAddress, sizeBytes)) {
                    waitUntilWoken(me);
                } else {
                    handOver(me);
                }
                return;
            }
        }
        if (watcher.isChoice(me.cpu(), access, owner, wordAddress, sizeBytes)) {
            decideAll(me);
        }
        noteAccess(me, access, owner, address);
        if (access != SharedAccess.WAIT) {
            watcher.accessed(me.cpu(), access, owner, wordAddress, sizeBytes);
        }
    }

    @Override
    public void reachCopy(long from, long to, int sizeBytes) {
        Strand me = current;
        if (watcher.equals(Watcher.NONE) || me == null || !me.isCurrentThread()) {
            return;
        }
        step(me);
        if (watcher.isChoiceBeforeCopy(me.cpu(), from, to, sizeBytes)) {
            decideAll(me);
        }
        watcher.accessed(me.cpu(), SharedAccess.COPY_READ, SchedulePoint.GUEST, from, sizeBytes);
        watcher.accessed(me.cpu(), SharedAccess.COPY_WRITE, SchedulePoint.GUEST, to, sizeBytes);
    }

    @Override
    public void told(ElementEvent event) {
        Strand me = current;
        if (me != null && me.isCurrentThread()) {
            watcher.told(me.cpu(), event);
        }
    }

    @Override
    public void limitWait(long deadlineNanos) {
        Strand me = current;
        if (me != null && me.isCurrentThread()) {
            me.limitWait(deadlineNanos);
        }
    }

    private void step(Strand me) {
        checkAborting();
        countStep();
        me.countStep();
    }

    private void decideAll(Strand me) {
        while (!decide(me)) {
            countStep();
        }
    }

    private void countStep() {
        steps++;
        clock.advance(stepNanos);
        if (steps > limits.steps()) {
            fail(new ScheduleFailure.Endless("no end after " + steps + " schedule points"));
            checkAborting();
        }
    }

    private void noteAccess(Strand me, SharedAccess access, Object owner, long address) {
        if (access.reads()) {
            me.noteRead(owner, address);
        }
        if (access.writes()) {
            for (Strand other : strands) {
                if (other != me) {
                    other.noteWrite(owner, address);
                }
            }
        }
    }

    /** Lets one thing happen. Returns true when the strand may go on, false when there is a further choice before. */
    private boolean decide(Strand me) {
        options.clear();
        addOption(me, null);
        addLandings(me);
        if (preemptions < limits.preemptions()) {
            addOthers(me);
        }
        int choice = choose(me, true);
        checkAborting();
        Strand chosen = options.strandAt(choice);
        ContextLevel landing = options.landing(choice);
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
        options.clear();
        addOption(me, null);
        addLandings(me);
        ContextLevel landing = options.landing(choose(me, true));
        if (landing == null || aborting) {
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
        watcher.landing(me.cpu(), level);
        me.cpu().raise(level);
        me.cpu().poll();
        watcher.landed(me.cpu(), level);
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
            } else if (other.isWaiting() || other.isIdle()) {
                addLandings(other);
            }
        }
    }

    private void addOption(Strand strand, @Nullable ContextLevel landing) {
        options.add(strand, landing);
    }

    private int choose(@Nullable Strand me, boolean mayContinue) {
        if (options.count() == 1) {
            return 0;
        }
        options.offer(me, mayContinue, steps, preemptions, interrupts);
        int choice = strategy.choose(options);
        if (choice == Strategy.CUT) {
            cutShort();
            return 0;
        }
        if (choiceCount == choices.length) {
            choices = Arrays.copyOf(choices, 2 * choiceCount);
        }
        choices[choiceCount++] = choice;
        return choice;
    }

    /**
     * Returns a number for the states of all strands, apart from what they did: which go on, wait or have ended, and at
     * which level their CPUs are.
     */
    public long stateOfStrands() {
        long states = 0;
        for (Strand strand : strands) {
            int state = strand.state().ordinal() << 1 | (strand.isStale() ? 1 : 0);
            states = states * 131 + ((long) state << 4 | strand.cpu().level().ordinal());
        }
        return states;
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

    /**
     * Called by a strand that has nothing more to do of its own: interrupts land on its CPU while others run. Returns
     * when all are done.
     */
    public void idle() {
        Strand me = runningStrand();
        me.countStep();
        while (!over) {
            checkAborting();
            options.clear();
            addOption(me, null);
            addLandings(me);
            ContextLevel landing = options.landing(choose(me, true));
            checkAborting();
            if (landing == null) {
                me.beginIdle();
                handOver(me);
            } else {
                land(me, landing);
            }
        }
    }

    /**
     * Called by a strand: one of several things happens, which costs nothing.
     *
     * @param count how many there are
     * @return 0 to {@code count - 1}
     */
    public int pick(int count) {
        Strand me = runningStrand();
        options.clear();
        for (int i = 0; i < count; i++) {
            addOption(me, null);
        }
        options.pick();
        int choice = choose(me, true);
        checkAborting();
        watcher.picked(me.cpu(), choice);
        return choice;
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
        while (options.count() == 0) {
            if (!passTime()) {
                over = !aborting;
                return anyNotDone();
            }
            byTime = true;
            collectRunnable(me);
        }
        // After time has passed all look again, in turn: another order counts as a preemption, or there would be no end
        // of orders.
        if (byTime && (preemptions >= limits.preemptions() || !watcher.isChoiceAfterTime())) {
            return options.strandAt(0);
        }
        int choice = choose(me, byTime);
        if (aborting) {
            return anyNotDone();
        }
        if (byTime && choice != 0) {
            preemptions++;
        }
        return options.strandAt(choice);
    }

    private @Nullable Strand anyNotDone() {
        for (Strand strand : strands) {
            if (strand.state() != Strand.State.DONE) {
                strand.wakeUp();
                return strand;
            }
        }
        return null;
    }

    private void collectRunnable(@Nullable Strand me) {
        options.clear();
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
        TimeJump jump = TimeJump.of(
                strands, clock.nanoTime(), watcher.isChoiceAfterTime(), START_NANOS + limits.virtualNanos());
        long next = jump.toNanos();
        if (next == Long.MAX_VALUE) {
            return false;
        }
        if (next - START_NANOS > limits.virtualNanos()) {
            fail(new ScheduleFailure.Endless(
                    "a strand still waits after " + limits.virtualNanos() + " ns of virtual time"));
            return false;
        }
        watcher.timePassed();
        clock.advanceTo(next);
        for (Strand strand : strands) {
            strand.wakeIfDue(next);
            if (jump.isTick()) {
                strand.wakeFromWait();
            }
        }
        return true;
    }
}
