package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.kernel.HookTypes;
import dev.spinbpf.verifier.kernel.IteratorArguments;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Arguments that iterators over the kernel's objects pass to programs: Linux's {@code struct bpf_iter_reg}. */
final class IteratorTargets {
    private static final String META = "bpf_iter_meta";

    private IteratorTargets() {}

    /**
     * Returns what is known of the arguments of an iterator's programs.
     *
     * @param btf the kernel's types, or those of {@link HookTypes}
     * @param proto the prototype of {@code bpf_iter_<name>}
     */
    static List<AttachTarget.Argument> arguments(ProgramUnit unit, String name, Btf btf, BtfType.FuncProto proto) {
        Map<String, IteratorArguments.Argument> kinds =
                unit.kernel().iterators().arguments(name);
        List<AttachTarget.Argument> arguments = new ArrayList<>();
        for (int i = 0; i < proto.params().size(); i++) {
            BtfType.Param param = proto.params().get(i);
            IteratorArguments.Argument kind = kinds.get(param.name());
            if (kind != null && btf.resolved(param.typeId()) instanceof BtfType.Ptr pointer) {
                RegState reg = register(unit, kind, btf, pointer);
                if (reg != null) {
                    arguments.add(new AttachTarget.Argument(i * Long.BYTES, reg));
                }
            }
        }
        return List.copyOf(arguments);
    }

    /**
     * True if the object declares all members of the structs that the iterator passes, or none: relocations against an
     * object's own types lead astray where it declares but some.
     */
    static boolean areDeclaredWhole(ProgramUnit unit, String name, BtfType.FuncProto proto) {
        Btf btf = unit.btf();
        int contextBytes = proto.params().size() * Long.BYTES;
        return btf.findAll("bpf_iter__" + name).stream().allMatch(id -> btf.sizeOf(id) == contextBytes)
                && btf.findAll(META).stream()
                        .allMatch(
                                id -> btf.sizeOf(id) == unit.kernel().structs().sizeOf(META));
    }

    /** Returns what a load of the argument gives; null if it points to a struct of which nothing is known. */
    private static @Nullable RegState register(
            ProgramUnit unit, IteratorArguments.Argument kind, Btf btf, BtfType.Ptr pointer) {
        return switch (kind) {
            case OR_NULL -> object(unit, btf, pointer, TypeFlags.PTR_MAYBE_NULL);
            case TRUSTED_OR_NULL -> object(unit, btf, pointer, TypeFlags.PTR_MAYBE_NULL | TypeFlags.PTR_TRUSTED);
            case BUF_OR_NULL -> buffer(TypeFlags.PTR_MAYBE_NULL);
            case RDONLY_BUF_OR_NULL -> buffer(TypeFlags.PTR_MAYBE_NULL | TypeFlags.MEM_RDONLY);
        };
    }

    private static @Nullable RegState object(ProgramUnit unit, Btf btf, BtfType.Ptr pointer, int flags) {
        int object = btf.resolve(pointer.typeId());
        if (btf != unit.kernel().hookTypes().btf()) {
            return RegState.btfId(btf, object, flags);
        }
        Btf opaque = unit.kernel().structs().typesOr(Btf.EMPTY);
        int id = opaque.find(btf.type(object).name(), BtfType.Composite.class);
        return id == 0 ? null : RegState.btfId(opaque, id, flags);
    }

    private static RegState buffer(int flags) {
        return RegState.pointer(RegType.PTR_TO_BUF, flags, RegPayload.NONE);
    }
}
