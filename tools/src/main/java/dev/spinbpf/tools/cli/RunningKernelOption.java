package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * {@code --btf} and {@code --kconfig} of commands that run programs. Where no types are named, those of the host's kernel
 * serve objects that ask for a kernel's types, unless it lacks something that they use.
 */
final class RunningKernelOption {
    private static final Set<ProgType> TYPED = Set.copyOf(EnumSet.of(
            ProgType.TRACING,
            ProgType.LSM,
            ProgType.STRUCT_OPS,
            ProgType.KPROBE,
            ProgType.TRACEPOINT,
            ProgType.RAW_TRACEPOINT,
            ProgType.RAW_TRACEPOINT_WRITABLE,
            ProgType.NETFILTER));

    @Option(
            names = "--btf",
            paramLabel = "FILE",
            description = {
                "The kernel's types (such as /sys/kernel/btf/vmlinux): for CO-RE relocations, kernel targets and the"
                        + " arguments of events; none: no types at all.",
                "If no file is named: the host's, where the object needs types and the host has what it uses."
            })
    private @Nullable Path file;

    @Option(
            names = "--kconfig",
            paramLabel = "FILE",
            description =
                    "The kernel's configuration (such as /boot/config-6.12 or /proc/config.gz): for CONFIG_* externs.")
    private @Nullable Path kconfig;

    /** Returns the values of the configuration that is named; none where none is. */
    Map<String, String> config() throws InputException {
        return InputFiles.kernelConfig(kconfig);
    }

    boolean hasConfig() {
        return kconfig != null;
    }

    /** Returns the file with the types that objects are run by; null for none. */
    @Nullable
    Path file(List<Path> objects, Loading loading) throws InputException {
        if (file != null) {
            return file.toString().equals(TargetKernel.NONE) ? null : file;
        }
        HostKernel host = HostKernel.find().orElse(null);
        if (host == null) {
            return null;
        }
        Btf types = null;
        for (Path path : objects) {
            NamedFile opened = InputFiles.open(path);
            ProgramObject plain = read(opened, loading, Btf.EMPTY);
            if (plain.programs().stream().noneMatch(RunningKernelOption::wantsTypes)) {
                continue;
            }
            types = types == null ? InputFiles.kernelTypes(host.types()) : types;
            if (!serves(opened, loading, types, plain)) {
                return null;
            }
        }
        return types == null ? null : host.types();
    }

    private static boolean wantsTypes(Program program) {
        return TYPED.contains(program.type());
    }

    /** Returns true where at least as many programs of an object link with the types as without. */
    private static boolean serves(NamedFile object, Loading loading, Btf types, ProgramObject plain) {
        try {
            ProgramObject typed = read(object, loading, types);
            return typed.programs().size() >= plain.programs().size() && !lacksExterns(typed, types);
        } catch (InputException e) {
            return false;
        }
    }

    /** Returns true where a kernel with the types would not load an object for want of a function or variable. */
    private static boolean lacksExterns(ProgramObject object, Btf types) {
        VerifierOptions first = new VerifierOptions(false, types, 1);
        return object.programs().stream()
                .limit(1)
                .map(program -> Verifier.verify(object, program, first))
                .anyMatch(verdict -> verdict instanceof Verdict.Rejected rejected
                        && rejected.message().contains("extern ("));
    }

    private static ProgramObject read(NamedFile object, Loading loading, Btf types) throws InputException {
        return InputFiles.read(object.name(), object.contents().toArray(), loading.readOptions(types));
    }
}
