package dev.spinbpf.maps.sched;

/** A simulated situation: called at the start of each run to make the run's state, strands and final checks. */
@FunctionalInterface
public interface Scenario {
    void prepare(Simulation simulation);
}
