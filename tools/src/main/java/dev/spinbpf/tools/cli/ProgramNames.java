package dev.spinbpf.tools.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** {@code --prog}, for commands that take all programs unless some are named. */
final class ProgramNames {
    @Option(
            names = "--prog",
            paramLabel = "NAME",
            description = "Only the programs of this name; may be given several times.")
    private List<String> names = List.of();

    /** Returns the names, none if all programs are meant. */
    List<String> list() {
        return names;
    }

    /** Returns true if a program of this name is meant. */
    boolean include(String name) {
        return names.isEmpty() || names.contains(name);
    }
}
