package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.KernelProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --kernel}, {@code --btf} and {@code --kconfig}: the kernels that programs are verified for. */
final class KernelOptions {
    @Option(
            names = "--kernel",
            paramLabel = "VERSION",
            split = ",",
            description =
                    "The Linux whose rules hold, such as 7.3 or 6.18; several, separated by commas, are compared side by side.")
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
        List<TargetKernel> kernels = new ArrayList<>();
        if (names.isEmpty()) {
            kernels.add(kernel(KernelVersion.REFERENCE.toString(), KernelVersion.REFERENCE));
        }
        for (String name : new LinkedHashSet<>(names)) {
            kernels.add(kernel(name, version(name)));
        }
        return kernels;
    }

    private static KernelVersion version(String name) throws InputException {
        KernelVersion version;
        try {
            version = KernelVersion.parse(name);
        } catch (IllegalArgumentException e) {
            throw new InputException("--kernel: " + e.getMessage());
        }
        if (version.compareTo(KernelProfile.oldest()) < 0) {
            throw new InputException("--kernel: the rules of Linux " + version
                    + " are not known; the oldest are those of " + KernelProfile.oldest());
        }
        return version;
    }

    private TargetKernel kernel(String name, KernelVersion version) throws InputException {
        boolean hasTypes = btf != null && !btf.toString().equals(TargetKernel.NONE);
        Btf types = hasTypes ? InputFiles.kernelTypes(btf) : Btf.EMPTY;
        Map<String, String> config = InputFiles.kernelConfig(kconfig);
        return new TargetKernel(
                name,
                version,
                types,
                hasTypes ? String.valueOf(btf) : TargetKernel.NONE,
                config,
                kconfig == null ? TargetKernel.NONE : kconfig.toString());
    }
}
