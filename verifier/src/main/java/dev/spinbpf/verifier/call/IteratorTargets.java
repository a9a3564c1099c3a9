package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.state.AttachTarget;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.TypeFlags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What iterators over the kernel's objects pass to programs: Linux's {@code struct bpf_iter_reg}. */
final class IteratorTargets {
    private static final Map<String, Map<String, String>> TARGETS = read();

    private IteratorTargets() {}

    /**
     * What is known of the arguments of an iterator's programs, or null if the kernel has no such iterator.
     *
     * @param proto the prototype of {@code bpf_iter_<name>}
     */
    static @Nullable List<AttachTarget.Argument> arguments(String name, Btf btf, BtfType.FuncProto proto) {
        Map<String, String> kinds = TARGETS.get(name);
        if (kinds == null) {
            return null;
        }
        List<AttachTarget.Argument> arguments = new ArrayList<>();
        for (int i = 0; i < proto.params().size(); i++) {
            BtfType.Param param = proto.params().get(i);
            String kind = kinds.get(param.name());
            if (kind != null && btf.resolved(param.typeId()) instanceof BtfType.Ptr pointer) {
                arguments.add(new AttachTarget.Argument(i * Long.BYTES, register(kind, btf, pointer)));
            }
        }
        return List.copyOf(arguments);
    }

    private static RegState register(String kind, Btf btf, BtfType.Ptr pointer) {
        int object = btf.resolve(pointer.typeId());
        return switch (kind) {
            case "or_null" -> RegState.btfId(btf, object, TypeFlags.PTR_MAYBE_NULL);
            case "trusted_or_null" -> RegState.btfId(btf, object, TypeFlags.PTR_MAYBE_NULL | TypeFlags.PTR_TRUSTED);
            case "buf_or_null" -> buffer(TypeFlags.PTR_MAYBE_NULL);
            case "rdonly_buf_or_null" -> buffer(TypeFlags.PTR_MAYBE_NULL | TypeFlags.MEM_RDONLY);
            default -> throw new IllegalArgumentException(kind);
        };
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
