package dev.spinbpf.verifier.flow;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Facts about a function: Linux's {@code struct bpf_subprog_info}. Mutable. */
public final class SubprogInfo {
    /** The function's name, empty if not known. */
    public final String name;
    /** First slot. */
    public final int start;
    /** One past the last slot. */
    public final int end;
    /** It is verified on its own, by its prototype. */
    public final boolean global;
    /** Id of its FUNC in the object's BTF, or 0. */
    public final int btfFuncId;

    /** Slot of one of its exits, -1 if it has none. */
    int exitInsn = -1;

    /** The slots to which its indirect jumps lead, in order; empty as long as no walk came to one. */
    int[] jumpTargets = {};

    public boolean hasTailCall;
    boolean tailCallReachable;
    boolean hasLdAbs;
    public boolean mightThrow;
    public boolean isExceptionCallback;
    public boolean changesPktData;
    public boolean mightSleep;
    /** Its arguments by its prototype, once they are known. */
    public @Nullable List<SubprogArg> args;

    public SubprogInfo(String name, int start, int end, boolean global, int btfFuncId) {
        this.name = name;
        this.start = start;
        this.end = end;
        this.global = global;
        this.btfFuncId = btfFuncId;
    }
}
