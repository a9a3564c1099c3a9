package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sched.Plan;
import java.util.List;

/**
 * A schedule that shows a finding.
 *
 * @param finding what it shows
 * @param situation what each CPU runs, in words
 * @param start what it starts from, for {@link ScheduleFile}
 * @param plan the schedule
 * @param rows the run
 * @param states the state at each row
 */
public record Witness(
        Finding finding,
        String situation,
        Start start,
        List<Plan.Event> plan,
        List<Storyboard.Row> rows,
        List<Storyboard.State> states) {
    public Witness {
        plan = List.copyOf(plan);
        rows = List.copyOf(rows);
        states = List.copyOf(states);
    }

    /**
     * The start of a run.
     *
     * @param roots for each CPU the numbers of the programs that it runs, as many for each; -1 for none
     * @param sameNumbers whether all random numbers are one and the same
     */
    public record Start(List<Integer> roots, boolean sameNumbers) {
        public Start {
            roots = List.copyOf(roots);
        }

        /** Returns what a CPU runs, of so many CPUs. */
        List<Integer> ofCpu(int cpu, int cpus) {
            int runs = roots.size() / cpus;
            return roots.subList(cpu * runs, (cpu + 1) * runs);
        }
    }
}
