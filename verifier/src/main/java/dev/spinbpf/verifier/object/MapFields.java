package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;

/** Arguments that point to the only timer, work queue or task work of a map's value. */
public final class MapFields {
    private MapFields() {}

    public static RegPayload.MapRef check(VerifierEnv env, RegState reg, String name, BtfField.Kind kind) {
        String struct = kind.typeName();
        if (!reg.isConst()) {
            throw env.reject(
                    Errno.EINVAL, "%s doesn't have constant offset. %s has to be at the constant offset", name, struct);
        }
        if (!reg.map().hasBtf()) {
            throw env.reject(
                    Errno.EINVAL,
                    "map '%s' has to have BTF in order to use %s",
                    reg.map().name(),
                    struct);
        }
        int offset = SpecialFields.offsetOf(reg.map().record(), kind);
        if (offset < 0) {
            throw env.reject(Errno.EINVAL, "map '%s' has no valid %s", reg.map().name(), struct);
        }
        if (offset != reg.constValue()) {
            throw env.reject(
                    Errno.EINVAL,
                    "off %d doesn't point to 'struct %s' that is at %d",
                    reg.constValue(),
                    struct,
                    offset);
        }
        return (RegPayload.MapRef) reg.payload();
    }
}
