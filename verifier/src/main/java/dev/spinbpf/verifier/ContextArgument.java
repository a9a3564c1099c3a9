package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.flow.AttachTarget;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An argument of the function or tracepoint that a program attaches to, as the program's context has it.
 *
 * @param name its name, or an empty string
 * @param isPointer whether it is a pointer
 * @param pointsTo the struct that it points to, without {@code struct}; empty where it points to something else or is no
 *     pointer
 * @param sizeBytes its size; a struct that is passed by value has more than 8 bytes
 */
public record ContextArgument(String name, boolean isPointer, String pointsTo, int sizeBytes) {

    /** Returns the arguments of a target in order; none where nothing is known of it. */
    static List<ContextArgument> of(@Nullable AttachTarget target) {
        return target == null
                ? List.of()
                : IntStream.range(0, target.count())
                        .mapToObj(number -> of(target.btf(), target.param(number)))
                        .toList();
    }

    private static ContextArgument of(Btf btf, BtfType.Param param) {
        if (btf.resolved(param.typeId()) instanceof BtfType.Ptr pointer) {
            String struct =
                    btf.resolved(pointer.typeId()) instanceof BtfType.Composite composite ? composite.name() : "";
            return new ContextArgument(param.name(), true, struct, Long.BYTES);
        }
        return new ContextArgument(param.name(), false, "", (int) Math.max(0, btf.sizeOf(param.typeId())));
    }
}
