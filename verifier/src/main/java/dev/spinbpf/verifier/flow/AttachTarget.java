package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.state.RegState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The place that a program attaches to, as far as its context depends on it: Linux's {@code attach_btf}, {@code
 * attach_func_proto} and {@code ctx_arg_info}.
 *
 * @param btf the types of the target
 * @param name the function or tracepoint, or the member of a struct of functions
 * @param proto its prototype
 * @param skipFirst whether the prototype begins with an argument that programs do not see
 * @param arguments what is known of arguments beyond the prototype
 */
public record AttachTarget(Btf btf, String name, BtfType.FuncProto proto, boolean skipFirst, List<Argument> arguments) {

    /**
     * Facts about an argument.
     *
     * @param off its offset in the context, in bytes
     * @param reg what a load of it gives
     * @param owned whether the program holds a reference to it, which it has to release
     */
    public record Argument(int off, RegState reg, boolean owned) {
        public Argument(int off, RegState reg) {
            this(off, reg, false);
        }
    }

    /** The target with a reference to each of the arguments that the program has to release. */
    public AttachTarget withReferences(Exploration path) {
        List<Argument> held = new ArrayList<>();
        for (Argument argument : arguments) {
            held.add(
                    argument.owned
                            ? new Argument(argument.off, argument.reg.withId(References.acquire(path, 0, 0)), true)
                            : argument);
        }
        return new AttachTarget(btf, name, proto, skipFirst, List.copyOf(held));
    }

    /** The target, of whose arguments this is known. */
    public AttachTarget with(List<Argument> known) {
        return new AttachTarget(btf, name, proto, skipFirst, known);
    }

    /** Returns the bytes of context that a value of the type takes. */
    public static int slotBytes(Btf btf, int typeId) {
        long bytes = Math.max(0, btf.sizeOf(typeId));
        return (int) ((bytes + Long.BYTES - 1) / Long.BYTES * Long.BYTES);
    }

    /** The parameter that programs see as the argument of that number. */
    public BtfType.Param param(int number) {
        return proto.params().get(skipFirst ? number + 1 : number);
    }

    /** Returns the number of arguments that programs see. */
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
