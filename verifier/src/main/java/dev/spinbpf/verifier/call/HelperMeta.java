package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import org.jspecify.annotations.Nullable;

/** Notes on one call of a helper, taken while its arguments are checked. Mutable; Linux's {@code struct bpf_call_arg_meta}. */
final class HelperMeta {
    final int id;
    final String name;
    final HelperProto proto;
    final Dynptrs.Uses dynptr = new Dynptrs.Uses();

    /** Memory of the argument being checked, if it is filled without being read. */
    @Nullable
    RawMemory raw;
    /** Memory that the helper fills without reading it. */
    @Nullable
    RawMemory filled;

    @Nullable
    MapInfo map;

    int mapUid;
    /** Id of the referenced object among the arguments, or 0. */
    int objectId;
    /** Register whose object is released, 0 if none. */
    int releaseRegno;

    long memSize;
    long sizeMax;
    int subprog = -1;
    /** The type that a per-CPU pointer points to. */
    RegPayload.@Nullable BtfRef objectType;

    @Nullable
    BtfField kptrField;

    long constMapKey;

    HelperMeta(int id, String name, HelperProto proto) {
        this.id = id;
        this.name = name;
        this.proto = proto;
        for (int i = 0; i < proto.args().size(); i++) {
            if (proto.arg(i).isRelease()) {
                releaseRegno = i + 1;
            }
        }
    }

    boolean has(HelperTraits.Trait trait) {
        return proto.traits().has(trait);
    }
}
