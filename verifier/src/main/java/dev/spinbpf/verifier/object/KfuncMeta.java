package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import org.jspecify.annotations.Nullable;

/** What the arguments of one call of a kernel function told. Mutable; Linux's {@code struct bpf_kfunc_call_arg_meta}. */
public final class KfuncMeta {
    public final Kfunc kfunc;
    public final Dynptrs.Uses dynptr = new Dynptrs.Uses();

    /** Id of the referenced object among the arguments, or 0. */
    public int objectId;
    /** Whether an argument had to be a constant, and which it is. */
    public boolean constantFound;

    public long constant;
    /** Size of the memory returned, 0 if the prototype does not say. */
    public long returnSize;

    public boolean returnReadOnly;
    public int subprog = -1;

    @Nullable
    public MapInfo map;

    public int mapUid;
    /** Struct that the object passed has. */
    public RegPayload.@Nullable BtfRef argType;
    /** Root of the list or tree passed. */
    @Nullable
    public BtfField root;
    /** Whether the object passed is owned by the program. */
    public boolean owningRef;
    /** Frame and slot of the iterator passed, -1 if there is none. */
    int iterFrame = -1;

    int iterSlot = -1;
    /** The kernel's form of the context. */
    public RegPayload.@Nullable BtfRef kernelContext;

    public KfuncMeta(Kfunc kfunc) {
        this.kfunc = kfunc;
        returnSize = kfunc.traits().returnedBytes();
    }

    /** Register whose object is given back, 0 if none. */
    public int releaseRegno() {
        return kfunc.has(Kfunc.Flag.RELEASE) ? 1 : 0;
    }

    public boolean returnsNull() {
        return kfunc.has(Kfunc.Flag.RET_NULL) && !(kfunc.has(KfuncTraits.Trait.REFCOUNT_ACQUIRE) && owningRef);
    }
}
