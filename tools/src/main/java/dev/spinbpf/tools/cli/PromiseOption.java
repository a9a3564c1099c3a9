package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --assert}: conditions of the user. */
final class PromiseOption {
    @Option(
            names = "--assert",
            paramLabel = "PROMISE",
            description = "A condition that has to hold at the end, such as 'counters[0].value == runs(count_packet)';"
                    + " explore holds it against each schedule, and against each point of it if it begins with 'always'."
                    + " May be repeated.")
    private List<String> texts = List.of();

    /**
     * Returns the promises of a workload, and then those that were given.
     *
     * @throws InputException where one cannot be read
     */
    List<Promise> after(ProgramWorkload workload) throws InputException {
        List<Promise> all = new ArrayList<>(workload.promises());
        for (String text : texts) {
            try {
                all.add(Promise.parse(text));
            } catch (PromiseException e) {
                throw new InputException("promise " + e.getMessage());
            }
        }
        return all;
    }

    /** Returns true where any was given. */
    boolean isGiven() {
        return !texts.isEmpty();
    }
}
