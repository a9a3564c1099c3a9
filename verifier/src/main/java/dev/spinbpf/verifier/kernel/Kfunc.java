package dev.spinbpf.verifier.kernel;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A kernel function that programs may call.
 *
 * @param name its name
 * @param hooks kinds of programs that may call it; {@code COMMON} for all
 * @param filter name of a further condition, or empty
 * @param flags what it was registered with
 * @param traits what it does besides
 * @param explicitParams how many of its parameters the program passes
 * @param ret what it returns
 * @param params all its parameters
 */
public record Kfunc(
        String name,
        Set<String> hooks,
        String filter,
        Set<Flag> flags,
        KfuncTraits traits,
        int explicitParams,
        KernelType ret,
        List<Param> params) {
    /** Linux's {@code KF_} flags. */
    public enum Flag {
        ACQUIRE,
        RELEASE,
        RET_NULL,
        SLEEPABLE,
        DESTRUCTIVE,
        RCU,
        ITER_NEW,
        ITER_NEXT,
        ITER_DESTROY,
        RCU_PROTECTED,
        FASTCALL,
        ARENA_RET,
        ARENA_ARG1,
        ARENA_ARG2,
        IMPLICIT_ARGS
    }

    /**
     * A parameter; what follows {@code __} in its name says how it is checked.
     *
     * @param kind the kind that its declaration says; null if what is passed decides
     */
    public record Param(
            KernelType type, String name, @Nullable KfuncArgKind kind) {
        public boolean hasSuffix(String suffix) {
            return name.endsWith(suffix);
        }
    }

    /** The same function with one more argument that programs do not pass. */
    Kfunc withImplicit(Param param) {
        Set<Flag> all = EnumSet.of(Flag.IMPLICIT_ARGS);
        all.addAll(flags);
        List<Param> more = new ArrayList<>(params);
        more.add(param);
        return new Kfunc(name, hooks, filter, all, traits, explicitParams, ret, List.copyOf(more));
    }

    public boolean has(Flag flag) {
        return flags.contains(flag);
    }

    public boolean has(KfuncTraits.Trait trait) {
        return traits.has(trait);
    }
}
