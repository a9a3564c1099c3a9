package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sched.Plan;
import java.util.List;

/** A finding, and the schedule that showed it. */
record Found(Finding finding, Situation situation, List<Plan.Event> plan) {
    Found {
        plan = List.copyOf(plan);
    }
}
