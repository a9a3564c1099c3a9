package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class CompletionTest {
    private static String completion(String shell) {
        StringWriter out = new StringWriter();
        assertThat(Main.run(new PrintWriter(out), new PrintWriter(out), "completion", shell))
                .isZero();
        return out.toString();
    }

    @Test
    void fishShouldKnowEachCommandAndOption() {
        String script = completion("fish");
        CommandSpec root = new CommandLine(new Main()).getCommandSpec();
        root.subcommands().forEach((name, command) -> {
            assertThat(script).contains("-f -a '" + name + "'");
            for (OptionSpec option : command.getCommandSpec().options()) {
                assertThat(script.lines())
                        .as("%s %s", name, option.longestName())
                        .anyMatch(line -> line.contains("'__fish_seen_subcommand_from " + name)
                                && line.contains(" -l " + option.longestName().substring(2)));
            }
        });
    }

    @Test
    void fishShouldOfferChoicesAndFiles() {
        assertThat(completion("fish"))
                .contains("'__fish_seen_subcommand_from verify' -s o -l output -x -a 'table csv json github sarif'")
                .contains("'__fish_seen_subcommand_from verify' -l btf -r -F")
                .contains("'__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'");
    }

    @Test
    void fishWordsShouldBeQuoted() {
        CommandSpec command = CommandSpec.create().name("tool");
        command.addOption(OptionSpec.builder("--path")
                .type(Path.class)
                .description("Linux's \\ path")
                .build());
        assertThat(FishCompletion.of(command))
                .isEqualTo(
                        "# Completions of tool for fish.\ncomplete -c tool -l path -r -F -d 'Linux\\'s \\\\ path'\n");
    }

    @Test
    void bashAndZshShouldShareOneScript() {
        String script = completion("bash");
        assertThat(script).contains("complete -F _complete_spinbpf", "bashcompinit", "csv");
        assertThat(completion("zsh")).isEqualTo(script);
        assertThat(List.of("verify", "run", "stress", "dump", "bench", "map")).allMatch(script::contains);
    }
}
