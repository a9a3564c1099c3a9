package dev.spinbpf.verifier.kernel;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A helper's prototype: Linux's {@code struct bpf_func_proto}. One helper may have different ones in different kinds of
 * programs.
 *
 * @param result what it returns
 * @param attributes what holds of the prototype as a whole
 * @param allowed a property that programs need to call it, or null
 * @param traits what the helper does besides
 * @param args at most five
 */
public record HelperProto(
        Result result,
        Set<Attribute> attributes,
        ProgramRules.@Nullable Property allowed,
        HelperTraits traits,
        List<ArgType> args) {

    /** Of a call that is no helper's. */
    public static final HelperProto NONE = new HelperProto(
            new Result(RetKind.VOID, 0, null), EnumSet.noneOf(Attribute.class), null, HelperTraits.NONE, List.of());

    /**
     * The value that a helper returns.
     *
     * @param kind what it is
     * @param flags {@code TypeFlags} of it
     * @param kernelType name of the kernel's struct pointed to, {@code *} if the call decides, null for others
     */
    public record Result(RetKind kind, int flags, @Nullable String kernelType) {}

    /** An attribute, by the name that it has in the table of helpers. */
    public enum Attribute {
        /** Only for programs with a compatible license. */
        GPL_ONLY,
        /** Only where sleeping is allowed. */
        MIGHT_SLEEP,
        /** Takes pointers into packets. */
        PKT_ACCESS,
        /** Preserves the registers that it does not use. */
        ALLOW_FASTCALL
    }

    public boolean has(Attribute attribute) {
        return attributes.contains(attribute);
    }

    /** The argument in register {@code index + 1}. */
    public ArgType arg(int index) {
        return index < args.size() ? args.get(index) : ArgType.DONTCARE;
    }
}
