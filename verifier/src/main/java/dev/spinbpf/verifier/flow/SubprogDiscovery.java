package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.verifier.kernel.KernelRule;
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
    public static void discover(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        calls.checkExterns(unit, log);
        boolean symbolsAreFirst = unit.kernel().has(KernelRule.SYMBOLS_BEFORE_FUNCTIONS);
        if (symbolsAreFirst) {
            prepareAddresses(unit, calls, log);
        }
        var starts = new TreeSet<Integer>();
        starts.add(0);
        for (int i = 0; i < unit.length(); i++) {
            Insn insn = unit.insn(i);
            if (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC) {
                int target = i + (int) insn.imm() + 1;
                if (target < 0 || target >= unit.length()) {
                    throw log.reject(Errno.EINVAL, Message.CALL_INVALID_DESTINATION);
                }
                starts.add(target);
            }
            if (insn.op() == Op.CALL_KFUNC) {
                calls.prepareKfuncCall(unit, log, insn);
            }
            if (starts.size() > KernelLimits.BPF_MAX_SUBPROGS) {
                throw log.reject(Errno.E2BIG, Message.TOO_MANY_SUBPROGRAMS);
            }
        }
        if (!symbolsAreFirst) {
            prepareAddresses(unit, calls, log);
        }
        int exceptionStart = exceptionCallbackStart(unit, log);
        if (exceptionStart > 0) {
            starts.add(exceptionStart);
        }
        var sorted = new ArrayList<>(starts);
        for (int i = 0; i < sorted.size(); i++) {
            int start = sorted.get(i);
            int end = i + 1 < sorted.size() ? sorted.get(i + 1) : unit.length();
            Subprog declared = declared(unit, start);
            unit.addSubprog(
                    declared == null || declared.btfFuncId() >= unit.btf().size()
                            ? new SubprogInfo("", start, end, false, 0)
                            : subprog(unit, declared, start, end));
            if (exceptionStart > 0 && start == exceptionStart) {
                unit.exceptionCallbackSubprog = i;
                SubprogInfo callback = unit.subprog(i);
                callback.isExceptionCallback = true;
            }
        }
    }

    private static void prepareAddresses(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        for (int i = 0; i < unit.length(); i++) {
            if (unit.insn(i).op() == Op.LDDW_BTF_ID) {
                calls.prepareFunctionAddress(unit, log, unit.insn(i));
            }
        }
    }

    /**
     * A function without types cannot be verified by its prototype, whatever its symbol says. Its name is that of its
     * type: compilers give the copies that they make of a function symbols of their own.
     */
    private static SubprogInfo subprog(ProgramUnit unit, Subprog declared, int start, int end) {
        boolean global = declared.global() && declared.btfFuncId() != 0;
        String name =
                unit.btf().type(declared.btfFuncId()) instanceof BtfType.Func func ? func.name() : declared.name();
        return new SubprogInfo(name, start, end, global, declared.btfFuncId());
    }

    private static @Nullable Subprog declared(ProgramUnit unit, int start) {
        for (Subprog subprog : unit.program().subprogs()) {
            if (subprog.start() == start) {
                return subprog;
            }
        }
        return null;
    }

    private static int exceptionCallbackStart(ProgramUnit unit, VerifierLog log) {
        Subprog main = declared(unit, 0);
        if (main == null || main.btfFuncId() == 0) {
            return 0;
        }
        List<String> names = new ArrayList<>();
        for (int id = 1; id < unit.btf().size(); id++) {
            if (unit.btf().type(id) instanceof BtfType.DeclTag tag
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
            throw log.reject(Errno.EEXIST, Message.EXCEPTION_CB_MULTIPLE_TAGS);
        }
        return startOf(unit, log, names.getFirst());
    }

    private static int startOf(ProgramUnit unit, VerifierLog log, String name) {
        int id = unit.btf().find(name, BtfType.Func.class);
        if (id == 0) {
            throw log.reject(Errno.ENOENT, Message.EXCEPTION_CB_NOT_IN_BTF, name);
        }
        if (!(unit.btf().type(id) instanceof BtfType.Func func) || func.linkage() != BtfType.Linkage.GLOBAL) {
            throw log.reject(Errno.EINVAL, Message.EXCEPTION_CB_NOT_GLOBAL, name);
        }
        for (Subprog subprog : unit.program().subprogs()) {
            if (subprog.btfFuncId() == id) {
                if (subprog.start() == 0) {
                    throw log.reject(Errno.EINVAL, Message.EXCEPTION_CB_IS_MAIN);
                }
                return subprog.start();
            }
        }
        throw log.reject(Errno.EINVAL, Message.EXCEPTION_CB_NOT_IN_FUNC_INFO);
    }

    /** Refuses jumps from one function into another, and functions that end in the middle of nowhere. */
    public static void checkJumps(ProgramUnit unit, VerifierLog log) {
        for (SubprogInfo subprog : unit.subprogs()) {
            for (int i = subprog.start; i < subprog.end; i++) {
                checkInsn(unit, log, subprog, i);
            }
            Op last = unit.insn(subprog.end - 1).op();
            boolean ends = last.kind() == Op.Kind.EXIT || last.kind() == Op.Kind.JA || last.kind() == Op.Kind.GOTO_REG;
            if (!ends) {
                throw log.reject(Errno.EINVAL, Message.LAST_INSN_NOT_EXIT);
            }
        }
    }

    /** Refuses packet loads and tail calls, which may leave the function at once, in functions that return no small number. */
    public static void checkReturnTypes(ProgramUnit unit, VerifierLog log) {
        for (SubprogInfo subprog : unit.subprogs()) {
            if (subprog.start == 0 || subprog.btfFuncId == 0 || returnsNumber(unit, subprog)) {
                continue;
            }
            if (subprog.hasLdAbs) {
                throw log.reject(Errno.EINVAL, Message.LD_ABS_FUNCTION_MUST_RETURN_INT);
            }
            if (subprog.hasTailCall) {
                throw log.reject(Errno.EINVAL, Message.TAIL_CALL_FUNCTION_MUST_RETURN_INT);
            }
        }
    }

    private static boolean returnsNumber(ProgramUnit unit, SubprogInfo subprog) {
        return unit.btf().type(subprog.btfFuncId) instanceof BtfType.Func func
                && unit.btf().type(func.protoTypeId()) instanceof BtfType.FuncProto proto
                && switch (unit.btf().resolved(proto.returnTypeId())) {
                    case BtfType.Int number -> number.sizeBytes() <= Long.BYTES;
                    case BtfType.Enum number -> true;
                    default -> false;
                };
    }

    private static void checkInsn(ProgramUnit unit, VerifierLog log, SubprogInfo subprog, int index) {
        Insn insn = unit.insn(index);
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
                    throw log.reject(Errno.EINVAL, Message.JUMP_OUT_OF_RANGE, index, target);
                }
            }
            default -> {}
        }
    }
}
