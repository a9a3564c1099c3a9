package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.ReturnCodes;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/**
 * The values that each kind of program may return.
 *
 * <p>What must hold: a program that replaces a function without a result returns nothing. One that replaces a function
 * which returns an object may return such an object, as it got it and with its reference, or null. All others have to
 * have a value in the register, and where the value matters to the kernel, a number that is certainly within a range: an
 * asynchronous callback that of callbacks of its kind; a program on a hook of a security module what the hook may return;
 * any other what the table of return values says.
 *
 * <p>A program of a control group cannot change that a hook has no result: there it must return 1, for yes.
 */
public final class ReturnCodeRules implements ReturnCodes {
    private static final RetvalRange ZERO_OR_ONE = new RetvalRange(0, 1);
    private static final RetvalRange ZERO = new RetvalRange(0, 0);
    private static final RetvalRange ONE = new RetvalRange(1, 1);
    private static final RetvalRange ZERO_OR_ERROR = new RetvalRange(-4095, 0, true);

    @Override
    public void checkReturnCode(Exploration path, int regno, String registerName) {
        boolean async = path.state().frame(0).inAsyncCallback();
        boolean hasResult = async || !returnsVoid(path);
        if (!hasResult || returnsReference(path, regno)) {
            return;
        }
        // A privileged program may return an address where its value does not matter.
        RegState reg = Registers.checkSource(path, regno);
        RetvalRange range = async ? path.state().frame(0).callbackRetRange() : range(path.unit());
        if (range == null) {
            return;
        }
        String where = async ? "At async callback return" : "At program exit";
        if (!reg.isScalar()) {
            throw path.reject(Errno.EINVAL, Message.RETURN_VALUE_UNKNOWN, where, regno, reg.typeText());
        }
        path.services().precision().markChain(path, regno);
        if (!isWithin(reg, range)) {
            path.log().note(Message.RETURN_VALUE_OUT_OF_RANGE, outOfRange(reg, range, where, registerName));
            if (!async && isVoidCgroupHook(path.unit())) {
                path.log().note(Message.NOTE_VOID_LSM_HOOK);
            }
            throw path.reject(Errno.EINVAL);
        }
    }

    /** Refuses a number that is not certainly within the range. */
    public static void checkRange(
            Exploration path, RegState reg, RetvalRange range, String where, String registerName) {
        if (!isWithin(reg, range)) {
            throw path.reject(
                    Errno.EINVAL, Message.RETURN_VALUE_OUT_OF_RANGE, outOfRange(reg, range, where, registerName));
        }
    }

    private static Object[] outOfRange(RegState reg, RetvalRange range, String where, String registerName) {
        String known = (reg.smin() > Long.MIN_VALUE ? " smin=" + reg.smin() : "")
                + (reg.smax() < Long.MAX_VALUE ? " smax=" + reg.smax() : "");
        return new Object[] {
            where, registerName, known.isEmpty() ? " unknown scalar value" : known, range.min(), range.max()
        };
    }

    /** Returns whether the number is certainly within the range. */
    public static boolean isWithin(RegState reg, RetvalRange range) {
        return range.return32bit()
                ? range.min() <= reg.value().s32min() && reg.value().s32max() <= range.max()
                : range.min() <= reg.smin() && reg.smax() <= range.max();
    }

    /** The values that the program may return, or null if it may return any. */
    static @Nullable RetvalRange range(ProgramUnit unit) {
        Program program = unit.program();
        if (unit.isExtension() && program.type() == ProgType.LSM) {
            return program.attachType() == AttachType.LSM_CGROUP ? ZERO_OR_ONE : null;
        }
        return switch (program.type()) {
            case STRUCT_OPS -> result(unit) instanceof BtfType.Ptr ? ZERO : null;
            case RAW_TRACEPOINT -> unit.isExtension() ? ZERO : null;
            case LSM -> {
                RetvalRange range = unit.kernel().lsmHooks().returnRange(hook(program));
                RetvalRange ofGroup = range == null ? ONE : ZERO_OR_ONE;
                yield program.attachType() == AttachType.LSM_CGROUP ? ofGroup : range;
            }
            default -> unit.kernel().programRules().returnRange(program);
        };
    }

    private static boolean returnsVoid(Exploration path) {
        ProgramUnit unit = path.unit();
        Program program = unit.program();
        if (unit.isExtension()) {
            return Prototypes.returnsVoid(path, 0);
        }
        return switch (program.type()) {
            case LSM ->
                program.attachType() != AttachType.LSM_CGROUP
                        && unit.kernel().lsmHooks().returnsVoid(hook(program));
            case STRUCT_OPS -> result(unit) instanceof BtfType.Void;
            default -> false;
        };
    }

    private static boolean isVoidCgroupHook(ProgramUnit unit) {
        Program program = unit.program();
        return program.type() == ProgType.LSM
                && program.attachType() == AttachType.LSM_CGROUP
                && unit.kernel().lsmHooks().returnsVoid(hook(program));
    }

    private static String hook(Program program) {
        return LsmHooks.PREFIX + program.attachTarget();
    }

    /** Type of the result of the function that the program replaces. */
    private static BtfType result(ProgramUnit unit) {
        AttachTarget target = AttachTargets.require(unit);
        return target.btf().resolved(target.proto().returnTypeId());
    }

    /** Returns whether the program returns an object of the function's type, to which it holds a reference. */
    private static boolean returnsReference(Exploration path, int regno) {
        if (path.unit().program().type() != ProgType.STRUCT_OPS) {
            return false;
        }
        RegState reg = path.reg(regno);
        Btf btf = AttachTargets.require(path.unit()).btf();
        boolean matches = reg.payload() instanceof RegPayload.BtfRef ref
                && ref.btf() == btf
                && result(path.unit()) instanceof BtfType.Ptr pointer
                && btf.resolve(pointer.typeId()) == ref.typeId()
                && path.state().hasReference(reg.id());
        if (matches) {
            Registers.checkPointerOffset(path, reg, Registers.name(regno), false);
        }
        return matches;
    }

    /** The values that what a program of a control group decides on may return before it, null if any. */
    public static @Nullable RetvalRange hookRange(Exploration path) {
        Program program = path.unit().program();
        if (program.attachType() == AttachType.CGROUP_GETSOCKOPT) {
            return null;
        }
        return program.type() == ProgType.LSM
                ? path.unit().kernel().lsmHooks().returnRange(hook(program))
                : ZERO_OR_ERROR;
    }
}
