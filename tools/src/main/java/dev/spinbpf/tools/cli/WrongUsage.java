package dev.spinbpf.tools.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Thrown when options or operands that are well formed do not fit together, or a value is out of its range. */
final class WrongUsage extends ParameterException {
    private static final long serialVersionUID = 1;

    WrongUsage(CommandSpec command, String message) {
        super(command.commandLine(), message);
    }
}
