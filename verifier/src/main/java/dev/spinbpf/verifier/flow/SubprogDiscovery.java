package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.verifier.kernel.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the functions of a program, and refuses jumps that leave their function. */
public final class SubprogDiscovery {
    private static final String EXCEPTION_CALLBACK_TAG = "exception_callback:";

    private SubprogDiscovery() {}

    /** Finds the functions: what is called, what is taken the address of, and the one that handles exceptions. */
    public static void discover(Exploration path) {
        path.services().calls().checkExterns(path);
        var starts = new TreeSet<Integer>();
        starts.add(0);
        for (int i = 0; i < path.unit().length(); i++) {
            Insn insn = path.unit().insn(i);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int target = i + (int) insn.imm() + 1;
                if (target < 0 || target >= path.unit().length()) {
                    throw path.reject(Errno.EINVAL, Message.CALL_INVALID_DESTINATION);
                }
                starts.add(target);
            }
            if (insn.op() == Op.CALL_KFUNC) {
                path.services().calls().prepareKfuncCall(path, insn);
            }
            if (starts.size() > KernelLimits.BPF_MAX_SUBPROGS) {
                throw path.reject(Errno.E2BIG, Message.TOO_MANY_SUBPROGRAMS);
            }
        }
        int exceptionStart = exceptionCallbackStart(path);
        if (exceptionStart > 0) {
            starts.add(exceptionStart);
        }
        var sorted = new ArrayList<>(starts);
        for (int i = 0; i < sorted.size(); i++) {
            int start = sorted.get(i);
            int end = i + 1 < sorted.size() ? sorted.get(i + 1) : path.unit().length();
            Subprog declared = declared(path, start);
            path.unit()
                    .addSubprog(
                            declared == null
                                            || declared.btfFuncId()
                                                    >= path.unit().btf().size()
                                    ? new SubprogInfo("", start, end, false, 0)
                                    : new SubprogInfo(
                                            declared.name(), start, end, declared.global(), declared.btfFuncId()));
            if (exceptionStart > 0 && start == exceptionStart) {
                path.unit().exceptionCallbackSubprog = i;
                SubprogInfo callback = path.unit().subprog(i);
                path.subprogTrace(i).isCallback = true;
                path.subprogTrace(i).isAsyncCallback = true;
                callback.isExceptionCallback = true;
            }
        }
    }

    private static @Nullable Subprog declared(Exploration path, int start) {
        for (Subprog subprog : path.unit().program().subprogs()) {
            if (subprog.start() == start) {
                return subprog;
            }
        }
        return null;
    }

    private static int exceptionCallbackStart(Exploration path) {
        Subprog main = declared(path, 0);
        if (main == null || main.btfFuncId() == 0) {
            return 0;
        }
        List<String> names = new ArrayList<>();
        for (int id = 1; id < path.unit().btf().size(); id++) {
            if (path.unit().btf().type(id) instanceof BtfType.DeclTag tag
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
            throw path.reject(Errno.EEXIST, Message.EXCEPTION_CB_MULTIPLE_TAGS);
        }
        return startOf(path, names.getFirst());
    }

    private static int startOf(Exploration path, String name) {
        int id = path.unit().btf().find(name, BtfType.Func.class);
        if (id == 0) {
            throw path.reject(Errno.ENOENT, Message.EXCEPTION_CB_NOT_IN_BTF, name);
        }
        if (!(path.unit().btf().type(id) instanceof BtfType.Func func) || func.linkage() != BtfType.Linkage.GLOBAL) {
            throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_NOT_GLOBAL, name);
        }
        for (Subprog subprog : path.unit().program().subprogs()) {
            if (subprog.btfFuncId() == id) {
                if (subprog.start() == 0) {
                    throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_IS_MAIN);
                }
                return subprog.start();
            }
        }
        throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_NOT_IN_FUNC_INFO);
    }

    /** Refuses jumps from one function into another, and functions that end in the middle of nowhere. */
    public static void checkJumps(Exploration path) {
        for (SubprogInfo subprog : path.unit().subprogs()) {
            for (int i = subprog.start; i < subprog.end; i++) {
                checkInsn(path, subprog, i);
            }
            Op last = path.unit().insn(subprog.end - 1).op();
            boolean ends = last.kind() == Op.Kind.EXIT || last.kind() == Op.Kind.JA || last.kind() == Op.Kind.GOTO_REG;
            if (!ends) {
                throw path.reject(Errno.EINVAL, Message.LAST_INSN_NOT_EXIT);
            }
        }
    }

    /** Refuses packet loads, which may return 0 at once, in functions that return no small number. */
    public static void checkReturnTypes(Exploration path) {
        for (SubprogInfo subprog : path.unit().subprogs()) {
            boolean checked = subprog.start != 0 && subprog.hasLdAbs && subprog.btfFuncId != 0;
            if (checked && !returnsNumber(path, subprog)) {
                throw path.reject(Errno.EINVAL, Message.LD_ABS_FUNCTION_MUST_RETURN_INT);
            }
        }
    }

    private static boolean returnsNumber(Exploration path, SubprogInfo subprog) {
        return path.unit().btf().type(subprog.btfFuncId) instanceof BtfType.Func func
                && path.unit().btf().type(func.protoTypeId()) instanceof BtfType.FuncProto proto
                && switch (path.unit().btf().resolved(proto.returnTypeId())) {
                    case BtfType.Int number -> number.sizeBytes() <= Long.BYTES;
                    case BtfType.Enum number -> true;
                    default -> false;
                };
    }

    private static void checkInsn(Exploration path, SubprogInfo subprog, int index) {
        Insn insn = path.unit().insn(index);
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
                    throw path.reject(Errno.EINVAL, Message.JUMP_OUT_OF_RANGE, index, target);
                }
            }
            default -> {}
        }
    }
}
