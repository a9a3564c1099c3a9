package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;

/** Arguments that point to the only timer, work queue or task work of a map's value. */
public final class MapFields {
    private MapFields() {}

    public static RegPayload.MapRef check(Exploration path, RegState reg, String name, BtfField.Kind kind) {
        String struct = kind.typeName();
        if (!reg.isConst()) {
            throw path.reject(Errno.EINVAL, Message.GRAPH_OFFSET_NOT_CONSTANT, name, struct);
        }
        if (!reg.map().hasBtf()) {
            throw path.reject(Errno.EINVAL, Message.FIELD_NEEDS_BTF, reg.map().name(), struct);
        }
        int offset = SpecialFields.offsetOf(reg.map().record(), kind);
        if (offset < 0) {
            throw path.reject(Errno.EINVAL, Message.FIELD_NOT_VALID, reg.map().name(), struct);
        }
        if (offset != reg.constValue()) {
            throw path.reject(Errno.EINVAL, Message.FIELD_NOT_AT_OFFSET, reg.constValue(), struct, offset);
        }
        return (RegPayload.MapRef) reg.payload();
    }
}
