package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.state.MapInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The source of a register's value on one path: what a reader of the program would call it. */
sealed interface Origin {
    Origin UNKNOWN = new Unknown();

    /** Nothing that has a name. */
    record Unknown() implements Origin {}

    /** A constant. */
    record Number(long value) implements Origin {}

    /** A place on the stack of a frame: its depth, and the offset from the frame pointer. */
    record Stack(int frame, long offset) implements Origin {}

    /** A map itself. */
    record Map(MapInfo map) implements Origin {}

    /** A place in global data. */
    record Variable(MapInfo map, long offset) implements Origin {}

    /** A function of the program, by its first slot. */
    record Function(int start) implements Origin {}

    /** The result of a call, or a place at an offset from it; shifts and masks keep it. */
    record Result(Call call, long offset) implements Origin {}

    /** An argument of the function in which the path begins, from 1, or a place at an offset from it. */
    record Argument(int number, long offset) implements Origin {}

    /**
     * A call on the path.
     *
     * @param step index on the path; tells the calls of one instruction in a loop apart
     * @param insn slot
     * @param function the name of the helper, kernel function or function of the program
     * @param args the sources of R1 to R5
     * @param element the map in which the call finds an element, or null
     * @param key the element's key as text, or null if it is not constant
     */
    record Call(
            int step,
            int insn,
            String function,
            List<Origin> args,
            @Nullable MapInfo element,
            @Nullable String key) {
        Origin arg(int number) {
            return args.get(number - 1);
        }

        /** Equal are calls of the same step: arguments may be results of earlier calls, and these of earlier ones still. */
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Call call && call.step == step;
        }

        @Override
        public int hashCode() {
            return step;
        }
    }

    /** Returns the place so many bytes further on; unknown for what is no pointer. */
    static Origin plus(Origin origin, long bytes) {
        return switch (origin) {
            case Number number -> new Number(number.value + bytes);
            case Stack stack -> new Stack(stack.frame, stack.offset + bytes);
            case Variable variable -> new Variable(variable.map, variable.offset + bytes);
            case Result result -> new Result(result.call, result.offset + bytes);
            case Argument argument -> new Argument(argument.number, argument.offset + bytes);
            case Unknown _, Map _, Function _ -> UNKNOWN;
        };
    }
}
