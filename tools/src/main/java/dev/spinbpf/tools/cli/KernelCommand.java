package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.kernels.KernelFileException;
import dev.spinbpf.tools.kernels.KernelFiles;
import dev.spinbpf.tools.kernels.KernelParts;
import dev.spinbpf.tools.kernels.KernelStore;
import dev.spinbpf.tools.report.KernelTable;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.verifier.KernelProfile;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf kernel}: the kernels that {@code verify --kernel} knows the types and configuration of. */
@Command(
        name = "kernel",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Keeps the types (BTF) and the configuration of kernels, for verify --kernel. They come from the files that"
                    + " distributions give away; spinbpf brings none. They are kept in $XDG_DATA_HOME/spinbpf/kernels.",
            ""
        },
        synopsisSubcommandLabel = "import|list|remove",
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf kernel import linux-image-7.3.4-amd64.deb",
            "  spinbpf kernel import /boot/vmlinuz-7.3.4-amd64 /boot/config-7.3.4-amd64",
            "  spinbpf kernel import --release 7.3.4 vmlinux.btf",
            "  spinbpf kernel list",
            "  spinbpf kernel remove 7.3.4-amd64",
            "",
            "Exit codes: 0 good, 1 there is no such kernel, 2 wrong usage or a file that is no kernel."
        })
final class KernelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills in the specification
    KernelCommand() {}

    @Override
    public void run() {
        throw new MissingSubcommand(spec.commandLine());
    }

    /** Thrown where no subcommand is named. */
    private static final class MissingSubcommand extends picocli.CommandLine.ParameterException {
        private static final long serialVersionUID = 1;

        MissingSubcommand(picocli.CommandLine command) {
            super(command, "kernel: say import, list or remove");
        }
    }

    @Command(
            name = "import",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            description = {
                "Keeps what the files have of one kernel: a Debian package (linux-image*.deb), vmlinuz, vmlinux, types"
                        + " (.BTF), a configuration (config-*).",
                ""
            })
    int importKernel(
            @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files of one kernel.") List<Path> files,
            @Option(
                            names = "--release",
                            paramLabel = "RELEASE",
                            description = "Its release, as uname -r prints it, where no file says it.")
                    @Nullable
                    String release)
            throws InputException {
        try {
            KernelParts parts = new KernelParts(release, null, null);
            for (Path file : files) {
                parts = parts.orElse(KernelFiles.read(file));
            }
            if (parts.release() == null) {
                throw new InputException(files.getFirst() + ": does not say which release it is; give --release");
            }
            KernelStore.Imported kernel = KernelStore.ofUser().add(parts.release(), parts);
            spec.commandLine()
                    .getOut()
                    .println("imported " + kernel.release() + ": types " + (kernel.types() == null ? "no" : "yes")
                            + ", configuration " + (kernel.config() == null ? "no" : "yes"));
            return ExitCodes.GOOD;
        } catch (KernelFileException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            description = {"Lists the kernels that were imported.", ""})
    int list(@Mixin JsonOption json) throws InputException {
        try {
            List<KernelTable.Row> rows = KernelStore.ofUser().list().stream()
                    .map(kernel -> new KernelTable.Row(
                            kernel.release(),
                            Objects.toString(kernel.types(), ""),
                            Objects.toString(kernel.config(), ""),
                            KernelProfile.measurement(kernel.version())))
                    .toList();
            spec.commandLine()
                    .getOut()
                    .print(json.isGiven() ? KernelTable.json(rows) : KernelTable.table(rows, Style.ofStandardOutput()));
            return ExitCodes.GOOD;
        } catch (KernelFileException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            description = {"Removes kernels that were imported.", ""})
    int remove(
            @Parameters(arity = "1..*", paramLabel = "RELEASE", description = "Releases as list prints them.")
                    List<String> releases)
            throws InputException {
        boolean all = true;
        try {
            for (String release : releases) {
                if (!KernelStore.ofUser().remove(release)) {
                    spec.commandLine().getErr().println("spinbpf: no kernel " + release + " was imported");
                    all = false;
                }
            }
        } catch (KernelFileException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
        return all ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }
}
