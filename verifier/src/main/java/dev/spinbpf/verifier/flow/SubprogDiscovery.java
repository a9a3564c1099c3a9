package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Subprog;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the functions of a program, and refuses jumps that leave their function. */
public final class SubprogDiscovery {
    private static final String EXCEPTION_CALLBACK_TAG = "exception_callback:";

    private SubprogDiscovery() {}

    /** Finds the functions: what is called, what is taken the address of, and the one that handles exceptions. */
    public static void discover(VerifierEnv env) {
        env.services().calls().checkExterns(env);
        var starts = new TreeSet<Integer>();
        starts.add(0);
        for (int i = 0; i < env.length(); i++) {
            Insn insn = env.insn(i);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int target = i + (int) insn.imm() + 1;
                if (target < 0 || target >= env.length()) {
                    throw env.reject(Errno.EINVAL, "call to invalid destination");
                }
                starts.add(target);
            }
            if (insn.op() == Op.CALL_KFUNC) {
                env.services().calls().prepareKfuncCall(env, insn);
            }
            if (starts.size() > KernelLimits.BPF_MAX_SUBPROGS) {
                throw env.reject(Errno.E2BIG, "too many subprograms");
            }
        }
        int exceptionStart = exceptionCallbackStart(env);
        if (exceptionStart > 0) {
            starts.add(exceptionStart);
        }
        var sorted = new ArrayList<>(starts);
        for (int i = 0; i < sorted.size(); i++) {
            int start = sorted.get(i);
            int end = i + 1 < sorted.size() ? sorted.get(i + 1) : env.length();
            Subprog declared = declared(env, start);
            env.addSubprog(
                    declared == null || declared.btfFuncId() >= env.btf().size()
                            ? new SubprogInfo("", start, end, false, 0)
                            : new SubprogInfo(declared.name(), start, end, declared.global(), declared.btfFuncId()));
            if (exceptionStart > 0 && start == exceptionStart) {
                env.exceptionCallbackSubprog = i;
                SubprogInfo callback = env.subprog(i);
                callback.isCallback = true;
                callback.isAsyncCallback = true;
                callback.isExceptionCallback = true;
            }
        }
    }

    private static @Nullable Subprog declared(VerifierEnv env, int start) {
        for (Subprog subprog : env.program().subprogs()) {
            if (subprog.start() == start) {
                return subprog;
            }
        }
        return null;
    }

    private static int exceptionCallbackStart(VerifierEnv env) {
        Subprog main = declared(env, 0);
        if (main == null || main.btfFuncId() == 0) {
            return 0;
        }
        List<String> names = new ArrayList<>();
        for (int id = 1; id < env.btf().size(); id++) {
            if (env.btf().type(id) instanceof BtfType.DeclTag tag
                    && tag.typeId() == main.btfFuncId()
                    && tag.componentIndex() == -1
                    && tag.name().startsWith(EXCEPTION_CALLBACK_TAG)) {
                names.add(tag.name().substring(EXCEPTION_CALLBACK_TAG.length()));
            }
        }
        if (names.isEmpty()) {
            return 0;
        }
        if (names.size() > 1) {
            throw env.reject(Errno.EEXIST, "multiple exception callback tags for main subprog");
        }
        return startOf(env, names.getFirst());
    }

    private static int startOf(VerifierEnv env, String name) {
        int id = env.btf().find(name, BtfType.Func.class);
        if (id == 0) {
            throw env.reject(Errno.ENOENT, "exception callback '%s' could not be found in BTF", name);
        }
        if (!(env.btf().type(id) instanceof BtfType.Func func) || func.linkage() != BtfType.Linkage.GLOBAL) {
            throw env.reject(Errno.EINVAL, "exception callback '%s' must have global linkage", name);
        }
        for (Subprog subprog : env.program().subprogs()) {
            if (subprog.btfFuncId() == id) {
                if (subprog.start() == 0) {
                    throw env.reject(Errno.EINVAL, "invalid exception callback insn_off in func_info: 0");
                }
                return subprog.start();
            }
        }
        throw env.reject(Errno.EINVAL, "exception callback type id not found in func_info");
    }

    /** Refuses jumps from one function into another, and functions that end in the middle of nowhere. */
    public static void checkJumps(VerifierEnv env) {
        for (SubprogInfo subprog : env.subprogs()) {
            for (int i = subprog.start; i < subprog.end; i++) {
                checkInsn(env, subprog, i);
            }
            Op last = env.insn(subprog.end - 1).op();
            boolean ends = last.kind() == Op.Kind.EXIT || last.kind() == Op.Kind.JA || last.kind() == Op.Kind.GOTO_REG;
            if (!ends) {
                throw env.reject(Errno.EINVAL, "last insn is not an exit or jmp");
            }
        }
    }

    /** Refuses packet loads, which may return 0 at once, in functions that return no small number. */
    public static void checkReturnTypes(VerifierEnv env) {
        for (SubprogInfo subprog : env.subprogs()) {
            boolean checked = subprog.start != 0 && subprog.hasLdAbs && subprog.btfFuncId != 0;
            if (checked && !returnsNumber(env, subprog)) {
                throw env.reject(Errno.EINVAL, "LD_ABS is only allowed in functions that return 'int'.");
            }
        }
    }

    private static boolean returnsNumber(VerifierEnv env, SubprogInfo subprog) {
        return env.btf().type(subprog.btfFuncId) instanceof BtfType.Func func
                && env.btf().type(func.protoTypeId()) instanceof BtfType.FuncProto proto
                && switch (env.btf().resolved(proto.returnTypeId())) {
                    case BtfType.Int number -> number.sizeBytes() <= Long.BYTES;
                    case BtfType.Enum number -> true;
                    default -> false;
                };
    }

    private static void checkInsn(VerifierEnv env, SubprogInfo subprog, int index) {
        Insn insn = env.insn(index);
        switch (insn.op().kind()) {
            case CALL_HELPER -> {
                if (insn.imm() == HelperIds.BPF_FUNC_TAIL_CALL) {
                    subprog.hasTailCall = true;
                    subprog.tailCallReachable = true;
                }
            }
            case LD_ABS, LD_IND -> subprog.hasLdAbs = true;
            case EXIT -> subprog.exitInsn = index;
            case JA, JCC, MAY_GOTO -> {
                int target = index + insn.jumpOffset() + 1;
                if (target < subprog.start || target >= subprog.end) {
                    throw env.reject(Errno.EINVAL, "jump out of range from insn %d to %d", index, target);
                }
            }
            default -> {}
        }
    }
}
