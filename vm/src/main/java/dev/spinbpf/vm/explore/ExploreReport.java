package dev.spinbpf.vm.explore;

import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.List;

/**
 * The result of an exploration.
 *
 * @param cpus how many CPUs
 * @param options the bounds
 * @param programs the programs that events run, each with its level
 * @param answers the answers for all programs
 * @param situations how many situations there are to start from
 * @param sites what attempts to take locks came to
 * @param witnesses what was found, each with its schedule
 * @param notes loads and stores that nothing orders and that may be meant so
 * @param coveredPreemptions the bound within which all schedules were run, -1 for none
 * @param coveredInterrupts the same for interrupts
 * @param schedules how many schedules were run
 * @param states in how many different states there was a choice, in the last search
 * @param points how many schedule points were passed
 * @param predictions what became of predictions, where they were asked for
 */
public record ExploreReport(
        int cpus,
        ExploreOptions options,
        List<String> programs,
        List<WorkloadRun.Answer> answers,
        int situations,
        List<LockSite> sites,
        List<Witness> witnesses,
        List<String> notes,
        int coveredPreemptions,
        int coveredInterrupts,
        long schedules,
        long states,
        long points,
        List<CheckedPrediction> predictions) {
    public ExploreReport {
        programs = List.copyOf(programs);
        answers = List.copyOf(answers);
        sites = List.copyOf(sites);
        witnesses = List.copyOf(witnesses);
        notes = List.copyOf(notes);
        predictions = List.copyOf(predictions);
    }

    /** Returns true where all schedules within the bounds were run. */
    public boolean isComplete() {
        return coveredPreemptions == options.preemptions() && coveredInterrupts == options.interrupts();
    }
}
