package dev.spinbpf.vm.exec;

import java.util.Arrays;

/**
 * The measurements by which pieces of a program are opened.
 *
 * <p>HotSpot interprets bytecode ten times slower than our interpreter does its own instructions, until its compiler has done
 * with a method, which nothing tells. So a piece is opened for a few visits at a time, each of which is timed, and the
 * time that such visits may take together is a small share of all time and of what open pieces have saved. A piece that has become fast stays open; one that is slow
 * again, because HotSpot discarded its code, is closed.
 *
 * <p>A piece is <i>closed</i>, on <i>trial</i>, or <i>open</i>. Those on trial are few, since HotSpot compiles them one after the other. They
 * are the ones in which the interpreter is found most often at the end of a slice.
 *
 * <p>CPUs count without locks and may lose each other's counts.
 */
final class PieceHeat {
    private static final byte CLOSED = 0;
    private static final byte TRIAL = 1;
    private static final byte OPEN = 2;
    private static final byte KEPT = 3;

    private static final int TICK_MILLIS = 10;
    private static final int IDLE_TICK_MILLIS = 100;

    /** Most pieces on trial. */
    private static final int MOST_TRIALS = 6;

    /** One in this many nanoseconds may be spent on trials. */
    private static final int TRIAL_SHARE = 100;

    /** One of this many nanoseconds that open pieces have saved may be spent on trials, too. */
    private static final int SPENT_OF_SAVED = 4;

    /** Nanoseconds that may be saved up for trials. */
    private static final long MOST_CREDIT_NANOS = 2_000_000;

    /** First visits of a piece on trial, the fastest of which tells how slow HotSpot's interpreter is; the very first links the class. */
    private static final int FIRST_VISITS = 4;

    /** Visits of a piece on trial until it waits for HotSpot. */
    private static final int BURST = 64;

    /** Visits by which a piece is asked if it has become fast. */
    private static final int SINGLE_VISITS = 2;

    /** Longest wait, in ticks. */
    private static final int LONGEST_WAIT = 32;

    /** Ticks after which a piece on trial that is not visited makes room for another one. */
    private static final int MOST_IDLE_TICKS = 32;

    /** Of so many visits of an open piece one is timed. A power of two. */
    private static final int TIMED_VISITS = 32;

    /** Nanoseconds that a visit takes by itself. */
    private static final int VISIT_NANOS = 30;

    /** Nanoseconds that the first visit of a piece is taken to last. */
    private static final int UNKNOWN_VISIT_NANOS = 20_000;

    /** Of so many slices in the interpreter one is looked at. A power of two. */
    private static final int TIMED_SLICES = 16;

    /** Nanoseconds for an instruction in an interpreter that was not timed yet. */
    private static final double USUAL_NANOS = 5;

    private final int[] pieceAt;
    private final byte[] states;
    private final int[] samples;
    private final int[] visits;
    private final int[] quotas;
    private final float[] firstNanos;
    private final float[] visitNanos;
    private final byte[] seen;
    private final byte[] strikes;
    private final int[] trials = new int[MOST_TRIALS];
    private final int[] waits = new int[MOST_TRIALS];
    private final int[] nextTicks = new int[MOST_TRIALS];
    private final int[] visitsBefore = new int[MOST_TRIALS];

    private int tick;
    private int slices;
    private long sliceStartNanos;
    private long sliceStartExecuted;
    private double interpreterNanos = USUAL_NANOS;
    private long trialNanos;
    private long trialNanosBefore;
    private long savedNanos;
    private long savedNanosBefore;
    private long lastTickNanos = System.nanoTime();
    private long creditNanos;

    /** @param pieceAt the piece of each instruction, or -1 */
    PieceHeat(int[] pieceAt, int pieces) {
        this.pieceAt = pieceAt;
        states = new byte[pieces];
        samples = new int[pieces];
        visits = new int[pieces];
        quotas = new int[pieces];
        firstNanos = new float[pieces];
        visitNanos = new float[pieces];
        seen = new byte[pieces];
        strikes = new byte[pieces];
        Arrays.fill(trials, -1);
    }

    /** Opens a piece for good, without measurements. */
    void keep(int piece) {
        states[piece] = KEPT;
    }

    /** Returns how many pieces are open. */
    int fast() {
        int open = 0;
        for (byte state : states) {
            open += state >= OPEN ? 1 : 0;
        }
        return open;
    }

    boolean isOpen(int piece) {
        return states[piece] >= OPEN || quotas[piece] > 0;
    }

    /** Returns true where the visit of a piece that begins is one to time. */
    boolean isTimed(int piece) {
        byte state = states[piece];
        return state < KEPT && ((++visits[piece] & TIMED_VISITS - 1) == 0 || state != OPEN);
    }

    /** Notes where the interpreter is after a slice, and times slices; both for a few of them. */
    void sample(Execution run, int index) {
        int slice = ++slices & TIMED_SLICES - 1;
        if (slice > 1) {
            return;
        }
        if (index >= 0 && pieceAt[index] >= 0) {
            samples[pieceAt[index]]++;
        }
        if (slice == 0 && index >= 0) {
            sliceStartExecuted = run.executedUntilNow();
            sliceStartNanos = System.nanoTime();
        } else if (sliceStartNanos != 0) {
            long executed = run.executedUntilNow() - sliceStartExecuted;
            if (executed > 0) {
                double nanos = (double) (System.nanoTime() - sliceStartNanos) / executed;
                interpreterNanos += (Math.min(nanos, 4 * interpreterNanos) - interpreterNanos) / 64;
            }
            sliceStartNanos = 0;
        }
    }

    /** Notes that the slice which may be timed was none of the interpreter alone. */
    void leavesInterpreter() {
        sliceStartNanos = 0;
    }

    /** Notes a timed visit; returns true where the piece has to be closed. */
    boolean visited(int piece, long insns, long nanos) {
        float each = (float) Math.max(nanos - VISIT_NANOS, 1) / Math.max(insns, 1);
        visitNanos[piece] = nanos;
        if (states[piece] == OPEN) {
            savedNanos += TIMED_VISITS * Math.max((long) (insns * interpreterNanos) - nanos, 0);
            return isSlow(piece, each);
        }
        trialNanos += nanos;
        if (seen[piece] < FIRST_VISITS) {
            seen[piece]++;
            firstNanos[piece] = Math.min(firstNanos[piece], each);
        } else if (each < 0.7 * interpreterNanos || each < firstNanos[piece] / 12) {
            if (++strikes[piece] >= 2) {
                strikes[piece] = 0;
                states[piece] = OPEN;
                return false;
            }
        } else {
            strikes[piece] = 0;
        }
        return --quotas[piece] <= 0;
    }

    /** A single slow visit may have been interrupted. */
    private boolean isSlow(int piece, float each) {
        boolean slow = each > 1.5 * interpreterNanos && each > firstNanos[piece] / 4;
        strikes[piece] = (byte) (slow ? strikes[piece] + 1 : 0);
        if (strikes[piece] < 3) {
            return false;
        }
        strikes[piece] = 0;
        samples[piece] = 0;
        quotas[piece] = 0;
        states[piece] = CLOSED;
        return true;
    }

    /** Opens pieces for some visits; {@link PiecedCode#tend} says more. */
    int tend(PiecedCode code) {
        long nowNanos = System.nanoTime();
        long spentNanos = trialNanos - trialNanosBefore;
        trialNanosBefore += spentNanos;
        long savedSince = savedNanos - savedNanosBefore;
        savedNanosBefore += savedSince;
        creditNanos += (nowNanos - lastTickNanos) / TRIAL_SHARE + savedSince / SPENT_OF_SAVED - spentNanos;
        creditNanos = Math.min(creditNanos, MOST_CREDIT_NANOS);
        lastTickNanos = nowNanos;
        tick++;
        int onTrial = 0;
        for (int place = 0; place < MOST_TRIALS; place++) {
            if (trials[place] >= 0) {
                endTrial(code, place);
            }
            if (trials[place] < 0) {
                beginTrial(code, place);
            }
            onTrial += trials[place] >= 0 ? 1 : 0;
        }
        double leftNanos = creditNanos;
        for (int place = 0; place < MOST_TRIALS && leftNanos > 0; place++) {
            int turn = (place + tick) % MOST_TRIALS;
            if (trials[turn] >= 0) {
                leftNanos -= visit(code, turn, leftNanos);
            }
        }
        return onTrial > 0 ? TICK_MILLIS : IDLE_TICK_MILLIS;
    }

    private void endTrial(PiecedCode code, int place) {
        int piece = trials[place];
        boolean opened = states[piece] == OPEN;
        boolean unused = visits[piece] == visitsBefore[place] && tick > nextTicks[place] + MOST_IDLE_TICKS;
        if (!opened && !unused) {
            return;
        }
        trials[place] = -1;
        if (opened) {
            code.patch(piece);
            return;
        }
        quotas[piece] = 0;
        states[piece] = CLOSED;
        samples[piece] = 0;
        code.unpatch(piece);
    }

    private void beginTrial(PiecedCode code, int place) {
        int hottest = -1;
        for (int piece = 0; piece < states.length; piece++) {
            if (states[piece] == CLOSED && samples[piece] > (hottest < 0 ? 0 : samples[hottest])) {
                hottest = piece;
            }
        }
        if (hottest < 0) {
            return;
        }
        code.compile(hottest);
        firstNanos[hottest] = Float.MAX_VALUE;
        seen[hottest] = 0;
        visitNanos[hottest] = UNKNOWN_VISIT_NANOS;
        strikes[hottest] = 0;
        states[hottest] = TRIAL;
        trials[place] = hottest;
        waits[place] = 1;
        nextTicks[place] = tick;
        visitsBefore[place] = visits[hottest];
    }

    /**
     * Allows a piece on trial some visits: many at first, then single ones, at longer and longer intervals.
     *
     * @param mostNanos what they may take
     * @return what they will probably take
     */
    private double visit(PiecedCode code, int place, double mostNanos) {
        int piece = trials[place];
        if (quotas[piece] > 0) {
            return quotas[piece] * (double) visitNanos[piece];
        }
        if (tick < nextTicks[place]) {
            return 0;
        }
        int quota = SINGLE_VISITS;
        if (visits[piece] - visitsBefore[place] < BURST) {
            quota = Math.clamp((long) (mostNanos / visitNanos[piece]), SINGLE_VISITS, BURST);
        } else if (waits[place] < LONGEST_WAIT) {
            nextTicks[place] = tick + waits[place];
            waits[place] *= 2;
        } else {
            waits[place] = 1;
            visitsBefore[place] = visits[piece];
        }
        quotas[piece] = quota;
        code.patch(piece);
        return quota * (double) visitNanos[piece];
    }
}
