package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import org.jspecify.annotations.Nullable;

/** The options of one choice, gathered by a simulation. */
final class OptionList implements Strategy.Options {
    private static final int MOST = Simulation.MOST_STRANDS * ContextLevel.count();

    private final @Nullable Strand[] strands = new @Nullable Strand[MOST];
    private final @Nullable ContextLevel[] landings = new @Nullable ContextLevel[MOST];
    private int count;
    private boolean mayContinue;
    private boolean isPick;
    private int running = -1;
    private long position;
    private int steps;
    private int preemptions;
    private int interrupts;

    void clear() {
        count = 0;
        isPick = false;
    }

    void add(Strand strand, @Nullable ContextLevel landing) {
        strands[count] = strand;
        landings[count] = landing;
        count++;
    }

    /** Makes the options those of {@link Simulation#pick}. */
    void pick() {
        isPick = true;
    }

    /** Completes the options with what strategies may want to know. */
    void offer(@Nullable Strand me, boolean canContinue, int stepsSoFar, int preemptionsSoFar, int interruptsSoFar) {
        mayContinue = canContinue;
        running = me == null ? -1 : me.index();
        position = me == null ? 0 : me.position();
        steps = stepsSoFar;
        preemptions = preemptionsSoFar;
        interrupts = interruptsSoFar;
    }

    Strand strandAt(int option) {
        Strand strand = strands[option];
        if (option >= count || strand == null) {
            throw new IndexOutOfBoundsException("no option " + option + " among " + count);
        }
        return strand;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public boolean mayContinue() {
        return mayContinue;
    }

    @Override
    public int strand(int option) {
        return strandAt(option).index();
    }

    @Override
    public @Nullable ContextLevel landing(int option) {
        return landings[option];
    }

    @Override
    public boolean isPick() {
        return isPick;
    }

    @Override
    public int preemptions() {
        return preemptions;
    }

    @Override
    public int interrupts() {
        return interrupts;
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public int running() {
        return running;
    }

    @Override
    public long position() {
        return position;
    }
}
