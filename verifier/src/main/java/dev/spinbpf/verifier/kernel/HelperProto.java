package dev.spinbpf.verifier.kernel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A helper's prototype: Linux's {@code struct bpf_func_proto}. One helper may have different ones in different kinds of
 * programs.
 *
 * @param name the prototype's name
 * @param ret what it returns
 * @param retFlags {@code TypeFlags} of what it returns
 * @param retType name of the kernel's struct returned, {@code *} if the call decides, null for others
 * @param gplOnly only for programs with a compatible license
 * @param mightSleep only where sleeping is allowed
 * @param pktAccess takes pointers into packets
 * @param fastcall preserves the registers that it does not use
 * @param allowed name of a further condition, or null
 * @param traits what the helper does besides
 * @param args at most five
 */
public record HelperProto(
        String name,
        RetKind ret,
        int retFlags,
        @Nullable String retType,
        boolean gplOnly,
        boolean mightSleep,
        boolean pktAccess,
        boolean fastcall,
        @Nullable String allowed,
        HelperTraits traits,
        List<ArgType> args) {

    /** Of a call that is no helper's. */
    public static final HelperProto NONE = new HelperProto(
            "none", RetKind.VOID, 0, null, false, false, false, false, null, HelperTraits.NONE, List.of());

    /** The argument in register {@code index + 1}. */
    public ArgType arg(int index) {
        return index < args.size() ? args.get(index) : ArgType.DONTCARE;
    }
}
