package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.JitMode;
import picocli.CommandLine.Option;

/** {@code --jit}, for commands that run programs. */
final class JitOption {
    @Option(
            names = "--jit",
            paramLabel = "WHEN",
            description =
                    "When programs are compiled to JVM bytecode: auto (once they are busy), always (before they run)"
                            + " or never (default auto).")
    private JitMode mode = JitMode.ofProperty(JitMode.AUTO);

    JitMode mode() {
        return mode;
    }
}
