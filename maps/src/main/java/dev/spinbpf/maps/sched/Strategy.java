package dev.spinbpf.maps.sched;

/** Chooses at each schedule point at which more than one thing may happen. */
public interface Strategy {
    /**
     * Chooses.
     *
     * @param options how many things may happen, at least 2
     * @param mayContinue whether option 0 is that the running strand goes on; the others then cost a preemption or an interrupt
     * @return 0 to {@code options - 1}
     */
    int choose(int options, boolean mayContinue);
}
