package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.ReturnCodes;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/** The values that each kind of program may return. */
public final class ReturnCodeRules implements ReturnCodes {
    private static final RetvalRange ZERO_OR_ONE = new RetvalRange(0, 1);
    private static final RetvalRange ZERO = new RetvalRange(0, 0);
    private static final RetvalRange ONE = new RetvalRange(1, 1);
    private static final RetvalRange ZERO_OR_ERROR = new RetvalRange(-4095, 0, true);
    private static final RetvalRange UP_TO_THREE = new RetvalRange(0, 3);

    @Override
    public void checkReturnCode(Exploration path, int regno, String registerName) {
        FuncState frame = path.state().frame(0);
        if (!frame.inAsyncCallback() && returnsVoid(path)) {
            return;
        }
        if (returnsReference(path, regno)) {
            return;
        }
        // A privileged program may return an address where its value does not matter.
        RegState reg = Registers.checkSource(path, regno);
        boolean async = frame.inAsyncCallback();
        RetvalRange range = async ? frame.callbackRetRange() : range(path);
        if (range == null) {
            return;
        }
        String where = async ? "At async callback return" : "At program exit";
        if (!reg.isScalar()) {
            throw path.reject(Errno.EINVAL, Message.RETURN_VALUE_UNKNOWN, where, regno, reg.typeText());
        }
        path.services().precision().markChain(path, regno);
        if (!async && isVoidCgroupHook(path) && !isWithin(reg, range)) {
            path.log().note(Message.RETURN_VALUE_OUT_OF_RANGE, outOfRange(reg, range, where, registerName));
            throw path.reject(Errno.EINVAL, Message.NOTE_VOID_LSM_HOOK);
        }
        checkRange(path, reg, range, where, registerName);
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

    private static boolean isVoidCgroupHook(Exploration path) {
        Program program = path.unit().program();
        return program.type() == ProgType.LSM
                && program.attachType() == AttachType.LSM_CGROUP
                && path.unit().kernel().lsmHooks().returnsVoid(LsmHooks.PREFIX + program.attachTarget());
    }

    /** Returns whether the number is certainly within the range. */
    public static boolean isWithin(RegState reg, RetvalRange range) {
        return range.return32bit()
                ? range.min() <= reg.value().s32min() && reg.value().s32max() <= range.max()
                : range.min() <= reg.smin() && reg.smax() <= range.max();
    }

    /** The values that the program may return, or null if it may return any. */
    static @Nullable RetvalRange range(Exploration path) {
        Program program = path.unit().program();
        AttachType attach = program.attachType();
        return switch (program.type()) {
            case CGROUP_SOCK_ADDR ->
                switch (attach) {
                    case CGROUP_UDP4_RECVMSG,
                            CGROUP_UDP6_RECVMSG,
                            CGROUP_UNIX_RECVMSG,
                            CGROUP_INET4_GETPEERNAME,
                            CGROUP_INET6_GETPEERNAME,
                            CGROUP_UNIX_GETPEERNAME,
                            CGROUP_INET4_GETSOCKNAME,
                            CGROUP_INET6_GETSOCKNAME,
                            CGROUP_UNIX_GETSOCKNAME -> ONE;
                    case CGROUP_INET4_BIND, CGROUP_INET6_BIND -> UP_TO_THREE;
                    default -> ZERO_OR_ONE;
                };
            case CGROUP_SKB -> attach == AttachType.CGROUP_INET_EGRESS ? UP_TO_THREE : ZERO_OR_ONE;
            case CGROUP_SOCK, SOCK_OPS, CGROUP_DEVICE, CGROUP_SYSCTL, CGROUP_SOCKOPT, SK_LOOKUP, NETFILTER ->
                ZERO_OR_ONE;
            case TRACING ->
                switch (attach) {
                    case TRACE_FENTRY,
                            TRACE_FEXIT,
                            TRACE_FSESSION,
                            TRACE_FENTRY_MULTI,
                            TRACE_FEXIT_MULTI,
                            TRACE_FSESSION_MULTI -> ZERO;
                    case TRACE_RAW_TP, MODIFY_RETURN -> null;
                    default -> ZERO_OR_ONE;
                };
            case KPROBE ->
                attach == AttachType.TRACE_KPROBE_SESSION || attach == AttachType.TRACE_UPROBE_SESSION
                        ? ZERO_OR_ONE
                        : null;
            case STRUCT_OPS -> returnsPointer(path) ? ZERO : null;
            case LSM -> lsm(path, LsmHooks.PREFIX + program.attachTarget(), attach);
            default -> null;
        };
    }

    private static boolean returnsVoid(Exploration path) {
        Program program = path.unit().program();
        return switch (program.type()) {
            case LSM ->
                program.attachType() != AttachType.LSM_CGROUP
                        && path.unit().kernel().lsmHooks().returnsVoid(LsmHooks.PREFIX + program.attachTarget());
            case STRUCT_OPS -> AttachTargets.require(path.unit()).proto().returnTypeId() == 0;
            default -> false;
        };
    }

    private static boolean returnsPointer(Exploration path) {
        AttachTarget target = AttachTargets.require(path.unit());
        return target.btf().resolved(target.proto().returnTypeId()) instanceof BtfType.Ptr;
    }

    /** Returns whether a function of a struct returns an object of its result's type, to which it holds a reference. */
    private static boolean returnsReference(Exploration path, int regno) {
        if (path.unit().program().type() != ProgType.STRUCT_OPS) {
            return false;
        }
        RegState reg = path.reg(regno);
        AttachTarget target = AttachTargets.require(path.unit());
        boolean matches = reg.payload() instanceof RegPayload.BtfRef ref
                && ref.btf() == target.btf()
                && target.btf().resolved(target.proto().returnTypeId()) instanceof BtfType.Ptr pointer
                && target.btf().resolve(pointer.typeId()) == ref.typeId()
                && path.state().hasReference(reg.id());
        if (matches) {
            Registers.checkPointerOffset(path, reg, Registers.name(regno), false);
        }
        return matches;
    }

    private static @Nullable RetvalRange lsm(Exploration path, String hook, AttachType attach) {
        RetvalRange range = path.unit().kernel().lsmHooks().returnRange(hook);
        if (attach == AttachType.LSM_CGROUP) {
            return range == null ? ONE : ZERO_OR_ONE;
        }
        return range;
    }

    /** The values that what a program of a control group decides on may return before it, null if any. */
    public static @Nullable RetvalRange hookRange(Exploration path) {
        Program program = path.unit().program();
        if (program.attachType() == AttachType.CGROUP_GETSOCKOPT) {
            return null;
        }
        return program.type() == ProgType.LSM
                ? path.unit().kernel().lsmHooks().returnRange(LsmHooks.PREFIX + program.attachTarget())
                : ZERO_OR_ERROR;
    }
}
