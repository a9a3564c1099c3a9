package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits;
import dev.spinbpf.verifier.object.Dynptrs;
import dev.spinbpf.verifier.object.Iterators;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import org.jspecify.annotations.Nullable;

/**
 * Notes on one call of a kernel function, taken while its arguments are checked. Mutable; Linux's
 * {@code struct bpf_kfunc_call_arg_meta}.
 */
final class KfuncMeta {
    final Kfunc kfunc;
    final Dynptrs.Uses dynptr = new Dynptrs.Uses();

    /** Id of the referenced object among the arguments, or 0. */
    int objectId;
    /** True if an argument had to be a constant, which then follows. */
    boolean constantFound;

    long constant;
    /** Size of the memory returned, 0 if the prototype does not say. */
    long returnSize;

    boolean returnReadOnly;
    int subprog = -1;

    @Nullable
    MapInfo map;

    int mapUid;
    /** Struct that the object passed has. */
    RegPayload.@Nullable BtfRef argType;
    /** Root of the list or tree passed. */
    @Nullable
    BtfField root;
    /** True if the program owns the object passed. */
    boolean owningRef;
    /** The iterator passed; null if there is none yet. */
    Iterators.@Nullable Place iterator;
    /** The kernel's form of the context. */
    RegPayload.@Nullable BtfRef kernelContext;

    KfuncMeta(Kfunc kfunc) {
        this.kfunc = kfunc;
        returnSize = kfunc.traits().returnedBytes();
    }

    /** Register whose object is released, 0 if none. */
    int releaseRegno() {
        return kfunc.has(Kfunc.Flag.RELEASE) ? 1 : 0;
    }

    boolean returnsNull() {
        return kfunc.has(Kfunc.Flag.RET_NULL) && !(kfunc.has(KfuncTraits.Trait.REFCOUNT_ACQUIRE) && owningRef);
    }
}
