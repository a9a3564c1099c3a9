package dev.spinbpf.tools.cli;

import picocli.CommandLine.Option;

/** {@code --json}, for commands that print text or JSON. */
final class JsonOption {
    @Option(
            names = {"-j", "--json"},
            description = "Print JSON.")
    private boolean given;

    boolean isGiven() {
        return given;
    }
}
