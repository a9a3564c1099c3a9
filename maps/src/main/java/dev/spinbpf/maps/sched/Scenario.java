package dev.spinbpf.maps.sched;

/** What is simulated: called at the start of each run to make the run's state, strands and final checks anew. */
@FunctionalInterface
public interface Scenario {
    void prepare(Simulation simulation);
}
