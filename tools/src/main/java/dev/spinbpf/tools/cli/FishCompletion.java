package dev.spinbpf.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Completions for fish, which picocli has no generator for: one {@code complete} line for each command, option and
 * choice. A line holds where its condition says that the command before it was typed.
 */
final class FishCompletion {
    private final String program;
    private final StringBuilder script = new StringBuilder();

    private FishCompletion(String program) {
        this.program = program;
    }

    /** Returns the script for a command and all its subcommands that are not hidden. */
    static String of(CommandSpec root) {
        FishCompletion completion = new FishCompletion(root.name());
        completion.script.append("# Completions of ").append(root.name()).append(" for fish.\n");
        completion.command(root, List.of());
        return completion.script.toString();
    }

    private void command(CommandSpec command, List<String> path) {
        List<CommandSpec> subcommands = command.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .filter(sub -> !sub.usageMessage().hidden())
                .distinct()
                .toList();
        String here = condition(path, subcommands);
        for (CommandSpec sub : subcommands) {
            line(
                    here,
                    "-f -a " + quoted(sub.name()),
                    description(sub.usageMessage().description()));
        }
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                line(here, option(option), description(option.description()));
            }
        }
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            List<String> choices = choices(parameter);
            if (!choices.isEmpty()) {
                line(here, "-f -a " + quoted(String.join(" ", choices)), description(parameter.description()));
            }
        }
        for (CommandSpec sub : subcommands) {
            List<String> below = new ArrayList<>(path);
            below.add(sub.name());
            command(sub, below);
        }
    }

    private static String condition(List<String> path, List<CommandSpec> subcommands) {
        List<String> parts = new ArrayList<>();
        path.forEach(name -> parts.add("__fish_seen_subcommand_from " + name));
        if (!subcommands.isEmpty()) {
            parts.add("not __fish_seen_subcommand_from "
                    + subcommands.stream().map(CommandSpec::name).collect(Collectors.joining(" ")));
        }
        return String.join("; and ", parts);
    }

    private static String option(OptionSpec option) {
        StringBuilder words = new StringBuilder();
        for (String name : option.names()) {
            if (name.startsWith("--")) {
                words.append("-l ").append(name.substring(2)).append(' ');
            } else {
                words.append(name.length() == 2 ? "-s " : "-o ")
                        .append(name.substring(1))
                        .append(' ');
            }
        }
        if (option.arity().max() > 0) {
            List<String> choices = choices(option);
            if (!choices.isEmpty()) {
                words.append("-x -a ").append(quoted(String.join(" ", choices)));
            } else {
                words.append(option.type() == Path.class ? "-r -F" : "-x");
            }
        }
        return words.toString().strip();
    }

    private static List<String> choices(ArgSpec argument) {
        if (argument.completionCandidates() != null) {
            return StreamSupport.stream(argument.completionCandidates().spliterator(), false)
                    .toList();
        }
        return argument.type().isEnum()
                ? List.of(argument.type().getEnumConstants()).stream()
                        .map(Object::toString)
                        .toList()
                : List.of();
    }

    private static String description(String[] lines) {
        return lines.length == 0
                ? ""
                : lines[0].replaceAll("%n|\\s+", " ")
                        .replaceAll("\\$\\{[^}]*}", "")
                        .strip();
    }

    private void line(String condition, String what, String description) {
        script.append("complete -c ").append(program);
        if (!condition.isEmpty()) {
            script.append(" -n ").append(quoted(condition));
        }
        script.append(' ').append(what);
        if (!description.isEmpty()) {
            script.append(" -d ").append(quoted(description));
        }
        script.append('\n');
    }

    /** A word in single quotes, where fish takes all but {@code \} and {@code '} as it is. */
    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
