package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.kernel.HookTypes;
import dev.spinbpf.verifier.kernel.KernelStructs;
import dev.spinbpf.verifier.kernel.Tables;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What iterators over the kernel's objects pass to programs: Linux's {@code struct bpf_iter_reg}. */
final class IteratorTargets {
    private static final String META = "bpf_iter_meta";
    private static final Map<String, Map<String, String>> TARGETS = read();

    private IteratorTargets() {}

    /**
     * What is known of the arguments of an iterator's programs.
     *
     * @param btf the kernel's types, or those of {@link HookTypes}
     * @param proto the prototype of {@code bpf_iter_<name>}
     */
    static List<AttachTarget.Argument> arguments(String name, Btf btf, BtfType.FuncProto proto) {
        Map<String, String> kinds = TARGETS.get(name);
        if (kinds == null) {
            throw new UnsupportedFeature("iterator " + name + " is not supported");
        }
        List<AttachTarget.Argument> arguments = new ArrayList<>();
        for (int i = 0; i < proto.params().size(); i++) {
            BtfType.Param param = proto.params().get(i);
            String kind = kinds.get(param.name());
            if (kind != null && btf.resolved(param.typeId()) instanceof BtfType.Ptr pointer) {
                RegState reg = register(kind, btf, pointer);
                if (reg != null) {
                    arguments.add(new AttachTarget.Argument(i * Long.BYTES, reg));
                }
            }
        }
        return List.copyOf(arguments);
    }

    /**
     * Whether the object declares all members of the structs that the iterator passes, or none: relocations against an
     * object's own types lead astray where it declares but some.
     */
    static boolean areDeclaredWhole(Btf btf, String name, BtfType.FuncProto proto) {
        int contextBytes = proto.params().size() * Long.BYTES;
        return btf.findAll("bpf_iter__" + name).stream().allMatch(id -> btf.sizeOf(id) == contextBytes)
                && btf.findAll(META).stream().allMatch(id -> btf.sizeOf(id) == KernelStructs.sizeOf(META));
    }

    /** What a load of the argument gives; null if it points to a struct of which nothing is known. */
    private static @Nullable RegState register(String kind, Btf btf, BtfType.Ptr pointer) {
        return switch (kind) {
            case "or_null" -> object(btf, pointer, TypeFlags.PTR_MAYBE_NULL);
            case "trusted_or_null" -> object(btf, pointer, TypeFlags.PTR_MAYBE_NULL | TypeFlags.PTR_TRUSTED);
            case "buf_or_null" -> buffer(TypeFlags.PTR_MAYBE_NULL);
            case "rdonly_buf_or_null" -> buffer(TypeFlags.PTR_MAYBE_NULL | TypeFlags.MEM_RDONLY);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static @Nullable RegState object(Btf btf, BtfType.Ptr pointer, int flags) {
        int object = btf.resolve(pointer.typeId());
        if (btf != HookTypes.btf()) {
            return RegState.btfId(btf, object, flags);
        }
        Btf opaque = KernelStructs.typesOr(Btf.EMPTY);
        int id = opaque.find(btf.type(object).name(), BtfType.Composite.class);
        return id == 0 ? null : RegState.btfId(opaque, id, flags);
    }

    private static RegState buffer(int flags) {
        return RegState.pointer(RegType.PTR_TO_BUF, flags, RegPayload.NONE);
    }

    private static Map<String, Map<String, String>> read() {
        Map<String, Map<String, String>> targets = new HashMap<>();
        for (String[] row : Tables.rows("iterators.tsv")) {
            Map<String, String> kinds = new HashMap<>();
            for (int i = 1; i < row.length; i++) {
                int equals = row[i].indexOf('=');
                kinds.put(row[i].substring(0, equals), row[i].substring(equals + 1));
            }
            targets.put(row[0], kinds);
        }
        return targets;
    }
}
