package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a program attaches to, as far as its context depends on it: Linux's {@code attach_btf}, {@code attach_func_proto}
 * and {@code ctx_arg_info}.
 *
 * @param btf the types of the target
 * @param name the function or tracepoint, or the member of a struct of functions
 * @param proto its prototype
 * @param skipFirst whether the prototype begins with an argument that programs do not see
 * @param arguments what is known of arguments beyond the prototype
 */
public record AttachTarget(Btf btf, String name, BtfType.FuncProto proto, boolean skipFirst, List<Argument> arguments) {

    /**
     * What is known of an argument.
     *
     * @param off its offset in the context, in bytes
     * @param reg what a load of it gives
     */
    public record Argument(int off, RegState reg) {}

    /** The parameter that programs see as the argument of that number. */
    public BtfType.Param param(int number) {
        return proto.params().get(skipFirst ? number + 1 : number);
    }

    /** How many arguments programs see. */
    public int count() {
        return proto.params().size() - (skipFirst ? 1 : 0);
    }

    /** The argument that something is known of, by its offset, or null. */
    public @Nullable Argument argumentAt(int off) {
        for (Argument argument : arguments) {
            if (argument.off() == off) {
                return argument;
            }
        }
        return null;
    }
}
