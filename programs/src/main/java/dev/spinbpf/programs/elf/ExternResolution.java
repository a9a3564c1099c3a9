package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfDump;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.CoreException;
import dev.spinbpf.programs.btf.CoreResolver;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.model.LoadRefusal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds an object's externs in the kernel, as libbpf does before it loads anything.
 *
 * <p>A function stands for the kernel's function of its name without flavor, if the prototypes are compatible; a variable for the
 * kernel's variable of its name, if the types are. A weak extern that is not there, and a weak function with another prototype,
 * is absent: a program that calls it is refused if it can get there. A strong one ends the loading of the whole object. A symbol
 * without a type has to be among the kernel's symbols; all that is known of those here are the names that its types mention, and
 * a list of others.
 */
final class ExternResolution {
    private final Externs externs;
    private final Settings settings;
    private final Btf types;
    private final Btf kernel;
    private final CoreResolver resolver;
    private final boolean allAreWeak;
    private final Set<Extern> absent = new HashSet<>();

    /**
     * @param kernel the kernel's types; {@link Btf#EMPTY} if there are none at hand: then all externs count as found
     * @param allAreWeak whether externs that are not found count as weak
     */
    ExternResolution(Externs externs, Settings settings, Btf types, Btf kernel, boolean allAreWeak) {
        this.externs = externs;
        this.settings = settings;
        this.types = types;
        this.kernel = kernel;
        this.allAreWeak = allAreWeak;
        this.resolver = new CoreResolver(types, kernel);
    }

    /** Returns true if the kernel lacks a weak extern. */
    boolean isAbsent(Extern extern) {
        return absent.contains(extern);
    }

    /** Returns true if the object loads where the kernel lacks the extern. */
    boolean isWeak(Extern extern) {
        return allAreWeak || extern.weak();
    }

    /** Looks for all externs; returns the reason why the object cannot be loaded, or null. */
    @Nullable
    LoadRefusal resolve() {
        LoadRefusal refusal = null;
        List<Extern> all = externs.all();
        for (Extern extern : externs.settings()) {
            refusal = refusal == null ? ofSetting(extern) : refusal;
        }
        if (kernel.size() > 1) {
            for (Extern extern : all) {
                refusal = refusal == null ? ofTyped(extern) : refusal;
            }
        }
        for (Extern extern : externs.settings()) {
            refusal = refusal == null && settings.isUnknown(extern) ? unresolved(extern, settings.advice()) : refusal;
        }
        for (Extern extern : all) {
            boolean isMissing = kernel.size() > 1
                    && extern.role() instanceof Extern.Variable variable
                    && !variable.typed()
                    && !isSymbol(extern.name());
            if (isMissing && isWeak(extern)) {
                absent.add(extern);
            } else if (isMissing && refusal == null) {
                refusal = unresolved(extern, "the kernel's types mention no symbol of this name");
            }
        }
        return refusal;
    }

    private @Nullable LoadRefusal ofSetting(Extern extern) {
        String problem = settings.problem(extern);
        return problem == null ? null : new LoadRefusal(Errno.EINVAL, "libbpf: " + problem, "");
    }

    private static LoadRefusal unresolved(Extern extern, String reason) {
        return new LoadRefusal(Errno.ESRCH, "libbpf: extern '" + extern.name() + "' (strong): not resolved", reason);
    }

    private boolean isSymbol(String name) {
        return kernel.find(name, BtfType.Func.class) != 0
                || kernel.find(name, BtfType.Var.class) != 0
                || KernelSymbols.isKnown(name);
    }

    private @Nullable LoadRefusal ofTyped(Extern extern) {
        if (extern.role() instanceof Extern.Function) {
            return ofFunction(extern);
        }
        return extern.role() instanceof Extern.Variable variable && variable.typed() ? ofVariable(extern) : null;
    }

    private @Nullable LoadRefusal ofFunction(Extern extern) {
        int found = kernel.find(extern.essentialName(), BtfType.Func.class);
        if (found == 0) {
            return isLeftOut(extern)
                    ? null
                    : refused("(func ksym) '" + extern.name() + "': not found in kernel or module BTFs", "");
        }
        int wanted = ((BtfType.Func) types.type(extern.btfId())).protoTypeId();
        var function = (BtfType.Func) kernel.type(found);
        int actual = function.protoTypeId();
        if (areCompatible(wanted, actual) || isLeftOut(extern)) {
            return null;
        }
        String problem = "(func ksym) '" + extern.name() + "': func_proto [" + wanted + "] incompatible with vmlinux ["
                + actual + "]";
        return refused(problem, "the kernel has it as `" + new BtfDump(kernel).prototype(function) + "`");
    }

    private @Nullable LoadRefusal ofVariable(Extern extern) {
        int found = kernel.find(extern.name(), BtfType.Var.class);
        if (found == 0) {
            return isLeftOut(extern)
                    ? null
                    : refused("(var ksym) '" + extern.name() + "': not found in kernel BTF", "");
        }
        int wanted = types.resolve(((BtfType.Var) types.type(extern.btfId())).typeId());
        int actual = kernel.resolve(((BtfType.Var) kernel.type(found)).typeId());
        if (areCompatible(wanted, actual)) {
            return null;
        }
        return refused(
                "(var ksym) '" + extern.name() + "': incompatible types, expected " + described(types, wanted)
                        + ", but kernel has " + described(kernel, actual),
                "");
    }

    private static String described(Btf btf, int id) {
        BtfType type = btf.type(id);
        return "[" + id + "] " + Btf.kindName(type) + " " + type.name();
    }

    private boolean areCompatible(int wanted, int actual) {
        try {
            return resolver.areCompatible(wanted, actual);
        } catch (CoreException e) {
            return false;
        }
    }

    /** Leaves a symbol out that the kernel lacks, if it is weak; returns whether it is. */
    private boolean isLeftOut(Extern extern) {
        boolean weak = isWeak(extern);
        if (weak) {
            absent.add(extern);
        }
        return weak;
    }

    private static LoadRefusal refused(String problem, String reason) {
        return new LoadRefusal(Errno.EINVAL, "libbpf: extern " + problem, reason);
    }
}
