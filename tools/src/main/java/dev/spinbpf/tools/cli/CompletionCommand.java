package dev.spinbpf.tools.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf completion}: prints what a shell needs to complete commands and options. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {"Prints a script that makes a shell complete spinbpf's commands, options and their values.", ""},
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(spinbpf completion bash)       # in ~/.bashrc",
            "  source <(spinbpf completion zsh)        # in ~/.zshrc",
            "  spinbpf completion fish | source        # in ~/.config/fish/config.fish",
            "",
            "Exit codes: 0 good, 2 wrong usage."
        })
final class CompletionCommand implements Callable<Integer> {
    /** The shells that there is a script for. */
    enum Shell {
        BASH,
        ZSH,
        FISH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "One of ${COMPLETION-CANDIDATES}.")
    private Shell shell;

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    CompletionCommand() {}

    @Override
    public Integer call() {
        CommandLine root = spec.root().commandLine();
        // picocli's script serves both shells: under zsh it turns bash's completion on.
        String script =
                switch (shell) {
                    case BASH, ZSH -> AutoComplete.bash(root.getCommandName(), root);
                    case FISH -> FishCompletion.of(root.getCommandSpec());
                };
        spec.commandLine().getOut().print(script);
        return ExitCodes.GOOD;
    }
}
