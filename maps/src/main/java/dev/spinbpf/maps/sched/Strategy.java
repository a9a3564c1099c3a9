package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import org.jspecify.annotations.Nullable;

/** Chooses at each schedule point at which more than one thing may happen. */
@FunctionalInterface
interface Strategy {
    /**
     * Chooses.
     *
     * @return 0 to {@code options.count() - 1}
     */
    int choose(Options options);

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

        /** Returns how many schedule points the run has passed. */
        int steps();

        /** The strand that runs, or that has just come to a wait or its end; -1 before the first. */
        int running();

        /**
         * Returns that strand's position: how many schedule points it has reached, or which one within which interrupt.
         * What lands at one point and what other strands do meanwhile does not change the positions of later points.
         */
        long position();
    }
}
