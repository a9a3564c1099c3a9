package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --btf}, for all commands that read objects. */
final class KernelTypesOption {
    @Option(
            names = "--btf",
            paramLabel = "FILE",
            description =
                    "The kernel's types (such as /sys/kernel/btf/vmlinux): for CO-RE relocations and kernel targets.")
    private @Nullable Path file;

    /** The file, or null if none is given. */
    @Nullable
    Path file() {
        return file;
    }

    /** Returns the types, {@link Btf#EMPTY} if none are given. */
    Btf read() throws InputException {
        return InputFiles.kernelTypes(file);
    }
}
