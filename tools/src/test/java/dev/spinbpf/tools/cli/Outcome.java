package dev.spinbpf.tools.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A call of the command line that has ended.
 *
 * @param code the exit code
 * @param out what it printed to standard output
 * @param err what it printed to standard error
 */
record Outcome(int code, String out, String err) {
    /** Calls the command line in this process; the kernel of the machine that the tests run on takes no part. */
    static Outcome spinbpf(String... arguments) {
        ExploreParts.Outcome outcome = ExploreParts.run(withoutHost(arguments));
        return new Outcome(outcome.code(), outcome.out(), outcome.err());
    }

    private static String[] withoutHost(String[] arguments) {
        boolean asksHost = arguments.length > 1
                && arguments[0].equals("verify")
                && Stream.of("--btf", "--kernel", "--help").noneMatch(List.of(arguments)::contains);
        return asksHost
                ? Stream.concat(
                                Stream.of("verify", "--btf", "none"),
                                Stream.of(arguments).skip(1))
                        .toArray(String[]::new)
                : arguments;
    }

    String all() {
        return out + err;
    }

    /** Verifies without the types of any kernel. */
    static Outcome verify(String... arguments) {
        List<String> all = new ArrayList<>(List.of("verify", "--btf", "none"));
        all.addAll(List.of(arguments));
        return spinbpf(all.toArray(String[]::new));
    }
}
