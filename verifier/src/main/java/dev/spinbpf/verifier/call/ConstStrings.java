package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.check.MapAccess;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Strings that a program keeps in a map that never changes. */
final class ConstStrings {
    private ConstStrings() {}

    /** Refuses an argument that is no constant string: Linux's {@code check_arg_const_str}. */
    static void check(Exploration path, RegState reg, String name) {
        if (!reg.is(RegType.PTR_TO_MAP_VALUE, 0)) {
            throw path.reject(Errno.EINVAL);
        }
        MapInfo map = reg.map();
        if (map.type() == MapType.INSN_ARRAY) {
            throw path.reject(Errno.EACCES, Message.CONST_STR_IN_INSN_ARRAY, name);
        }
        if (map.type() == MapType.PERCPU_ARRAY && path.unit().kernel().has(KernelRule.PERCPU_DATA)) {
            throw path.reject(Errno.EACCES, Message.CONST_STR_IN_PERCPU_ARRAY, name);
        }
        if (!map.def().readOnly()) {
            throw path.reject(Errno.EACCES, Message.CONST_STR_NOT_READONLY, name);
        }
        if (!reg.isConst()) {
            throw path.reject(Errno.EACCES, Message.CONST_STR_NOT_CONSTANT, name);
        }
        byte[] data = map.def().initialData();
        if (map.type() != MapType.ARRAY || data == null) {
            throw path.reject(Errno.EACCES, Message.NO_DIRECT_VALUE_ACCESS);
        }
        int rest = (int) (map.valueSize() - reg.constValue());
        MapAccess.check(path, reg, name, 0, rest, false, MapAccess.Source.HELPER);
        int end = (int) reg.constValue();
        while (end < data.length && data[end] != 0) {
            end++;
        }
        // Bytes of the value that the object does not give are zero.
        if (end == data.length && data.length == map.valueSize()) {
            throw path.reject(Errno.EINVAL, Message.CONST_STR_NOT_TERMINATED);
        }
    }

    /** The string; the register must have passed {@link #check}. */
    static String read(RegState reg) {
        byte[] data = reg.map().def().initialData();
        if (data == null) {
            return "";
        }
        int start = (int) reg.constValue();
        int end = start;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        return new String(data, start, end - start, java.nio.charset.StandardCharsets.ISO_8859_1);
    }
}
