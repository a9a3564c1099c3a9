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

    /** Returns the arguments of a kernel's function in order; none where its types do not have it. */
    public static List<ContextArgument> ofFunction(Btf kernelTypes, String name) {
        BtfType.FuncProto prototype = prototype(kernelTypes, name);
        return prototype == null
                ? List.of()
                : prototype.params().stream()
                        .map(param -> of(kernelTypes, param))
                        .toList();
    }

    /** Returns what a kernel's function returns; null where its types do not have it, or it returns nothing. */
    public static @Nullable ContextArgument ofResult(Btf kernelTypes, String name) {
        BtfType.FuncProto prototype = prototype(kernelTypes, name);
        return prototype == null || prototype.returnTypeId() == 0
                ? null
                : of(kernelTypes, new BtfType.Param("", prototype.returnTypeId()));
    }

    private static BtfType.@Nullable FuncProto prototype(Btf kernelTypes, String name) {
        int id = kernelTypes.find(name, BtfType.Func.class);
        boolean isKnown = id > 0 && kernelTypes.type(id) instanceof BtfType.Func;
        return isKnown
                        && kernelTypes.resolved(((BtfType.Func) kernelTypes.type(id)).protoTypeId())
                                instanceof BtfType.FuncProto proto
                ? proto
                : null;
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
