package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
    @Test
    void aCommandThatIsNamedIsMadeAlone() {
        new CommandLine(new Main()).getSubcommands().forEach((name, command) -> {
            CommandLine made = Main.commandLine(name, "--json");
            boolean showsOthers = name.equals("help") || name.equals("completion");
            assertThat(made.getSubcommands()).as(name).hasSize(showsOthers ? 19 : 1);
            CommandLine alone = Objects.requireNonNull(made.getSubcommands().get(name));
            assertThat(alone.getCommandSpec().userObject().getClass())
                    .isEqualTo(command.getCommandSpec().userObject().getClass());
            assertThat(alone.getUsageMessage()).isEqualTo(command.getUsageMessage());
        });
    }

    @Test
    void whateverElseIsGivenHasAllCommandsToChooseFrom() {
        assertThat(Main.commandLine().getSubcommands()).hasSize(19);
        assertThat(Main.commandLine("--help").getSubcommands()).hasSize(19);
        assertThat(Main.commandLine("veriffy").getSubcommands()).hasSize(19);
    }
}
