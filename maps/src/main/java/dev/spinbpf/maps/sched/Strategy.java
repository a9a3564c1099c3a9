package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import org.jspecify.annotations.Nullable;

/** Chooses at each schedule point at which more than one thing may happen. */
@FunctionalInterface
public interface Strategy {
    /**
     * Chooses.
     *
     * @return 0 to {@code options.count() - 1}, or {@link #CUT}
     */
    int choose(Options options);

    /**
     * Returns a strategy of random priorities, which may be used for one run.
     *
     * @param depth how many events have to come in one order, at least 1
     * @param expectedSteps how long the run is expected to be
     * @param interrupts how many interrupts may land
     */
    static Strategy byPriorities(long seed, int depth, int expectedSteps, int interrupts) {
        return new PctStrategy(seed, depth, expectedSteps, interrupts);
    }

    /** Breaks the run off: everything from here on is known. */
    int CUT = -1;

    /** The choices at a schedule point; valid during {@link #choose} only. */
    interface Options {
        /** Returns how many things may happen, at least 2. */
        int count();

        /**
         * Returns true where option 0 is that the running strand goes on; the others then cost a preemption or an
         * interrupt.
         */
        boolean mayContinue();

        /** Returns the strand that goes on in an option: its number in the order in which the scenario added them. */
        int strand(int option);

        /** The interrupt that lands on the strand's CPU in an option, or null. */
        @Nullable
        ContextLevel landing(int option);

        /** Returns true where the options are those of {@link Simulation#pick}. */
        boolean isPick();

        /** Returns how often a strand was stopped that could have gone on. */
        int preemptions();

        /** Returns how many interrupts have landed. */
        int interrupts();

        /** Returns how many schedule points the run has passed. */
        int steps();

        /** The strand that runs, or that has just come to a wait or its end; -1 before the first. */
        int running();

        /**
         * Returns that strand's position: how many schedule points it has reached, or which one within which interrupt.
         * Interrupts that land at one point, and the steps of other strands meanwhile, do not change the positions of later points.
         */
        long position();
    }
}
