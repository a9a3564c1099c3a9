package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.tools.kernels.KernelFileException;
import dev.spinbpf.tools.kernels.KernelStore;
import dev.spinbpf.verifier.KernelProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --kernel}, {@code --btf} and {@code --kconfig}: the kernels that programs are verified for. */
final class KernelOptions {
    @Option(
            names = "--kernel",
            paramLabel = "VERSION",
            split = ",",
            description = {
                "The Linux whose rules hold, such as 7.3 or 6.18, with its types and configuration if it was imported (spinbpf"
                        + " kernel import). Several, separated by commas, are compared side by side.",
                "If none is named: the host's, if it shows its types; else Linux 7.3."
            })
    private List<String> names = List.of();

    @Option(
            names = "--btf",
            paramLabel = "FILE",
            description = {
                "The kernel's types (such as /sys/kernel/btf/vmlinux): for CO-RE relocations and kernel targets.",
                "none: no types at all."
            })
    private @Nullable Path btf;

    @Option(
            names = "--kconfig",
            paramLabel = "FILE",
            description =
                    "The kernel's configuration (such as /boot/config-6.12 or /proc/config.gz): for CONFIG_* externs.")
    private @Nullable Path kconfig;

    /** Returns the kernels that are meant, at least one. */
    List<TargetKernel> read() throws InputException {
        if (names.isEmpty()) {
            HostKernel host = btf == null ? HostKernel.find().orElse(null) : null;
            return List.of(
                    host == null
                            ? kernel(KernelVersion.REFERENCE.toString(), KernelVersion.REFERENCE, null, null)
                            : kernel("host", host.version(), host.types(), host.config()));
        }
        List<TargetKernel> kernels = new ArrayList<>();
        for (String name : new LinkedHashSet<>(names)) {
            kernels.add(named(name));
        }
        return kernels;
    }

    private TargetKernel named(String name) throws InputException {
        KernelStore.Imported imported;
        try {
            imported = KernelStore.ofUser().find(name).orElse(null);
        } catch (KernelFileException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
        if (imported != null) {
            return kernel(name, imported.version(), imported.types(), imported.config());
        }
        return kernel(name, version(name), null, null);
    }

    private static KernelVersion version(String name) throws InputException {
        KernelVersion version;
        try {
            version = KernelVersion.parse(name);
        } catch (IllegalArgumentException e) {
            throw new InputException("--kernel: " + e.getMessage() + ", or a release that was imported");
        }
        if (version.compareTo(KernelProfile.oldest()) < 0) {
            throw new InputException("--kernel: the rules of Linux " + version
                    + " are not known; the oldest are those of " + KernelProfile.oldest());
        }
        return version;
    }

    /** The files that the user gives go before those of the kernel; {@code --btf none} goes before all. */
    private TargetKernel kernel(String name, KernelVersion version, @Nullable Path ownTypes, @Nullable Path ownConfig)
            throws InputException {
        boolean isNone = btf != null && btf.toString().equals(TargetKernel.NONE);
        Path types = isNone ? null : btf != null ? btf : ownTypes;
        Path config = kconfig != null || isNone ? kconfig : ownConfig;
        return new TargetKernel(
                name,
                version,
                HostTypes.read(types),
                types == null ? TargetKernel.NONE : types.toString(),
                InputFiles.kernelConfig(config),
                config == null ? TargetKernel.NONE : config.toString());
    }
}
