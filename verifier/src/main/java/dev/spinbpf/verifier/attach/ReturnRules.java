package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.ReturnCodes;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.LsmHooks;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/** The values that each kind of program may return. */
public final class ReturnRules implements ReturnCodes {
    private static final RetvalRange ZERO_OR_ONE = new RetvalRange(0, 1);
    private static final RetvalRange ZERO = new RetvalRange(0, 0);
    private static final RetvalRange ONE = new RetvalRange(1, 1);
    private static final RetvalRange ZERO_OR_ERROR = new RetvalRange(-4095, 0, true);
    private static final RetvalRange UP_TO_THREE = new RetvalRange(0, 3);

    @Override
    public void checkReturnCode(VerifierEnv env, int regno, String registerName) {
        FuncState frame = env.state().frame(0);
        if (!frame.inAsyncCallback() && returnsVoid(env)) {
            return;
        }
        if (returnsReference(env, regno)) {
            return;
        }
        // A privileged program may return an address where its value does not matter.
        RegState reg = Registers.checkSource(env, regno);
        boolean async = frame.inAsyncCallback();
        RetvalRange range = async ? frame.callbackRetRange() : range(env);
        if (range == null) {
            return;
        }
        String where = async ? "At async callback return" : "At program exit";
        if (!reg.isScalar()) {
            throw env.reject(
                    Errno.EINVAL, "%s the register R%d is not a known value (%s)", where, regno, reg.typeText());
        }
        env.services().precision().markChain(env, regno);
        if (!async && isVoidCgroupHook(env) && !isWithin(reg, range)) {
            env.verbose("%s\n", outOfRange(reg, range, where, registerName));
            throw env.reject(
                    Errno.EINVAL, "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!");
        }
        checkRange(env, reg, range, where, registerName);
    }

    /** Refuses a number that is not certainly within the range. */
    public static void checkRange(VerifierEnv env, RegState reg, RetvalRange range, String where, String registerName) {
        if (!isWithin(reg, range)) {
            throw env.reject(Errno.EINVAL, "%s", outOfRange(reg, range, where, registerName));
        }
    }

    private static String outOfRange(RegState reg, RetvalRange range, String where, String registerName) {
        StringBuilder text = new StringBuilder(where);
        text.append(" the register ").append(registerName).append(" has");
        int known = text.length();
        if (reg.smin() > Long.MIN_VALUE) {
            text.append(" smin=").append(reg.smin());
        }
        if (reg.smax() < Long.MAX_VALUE) {
            text.append(" smax=").append(reg.smax());
        }
        if (text.length() == known) {
            text.append(" unknown scalar value");
        }
        return text.append(" should have been in [")
                .append(range.min())
                .append(", ")
                .append(range.max())
                .append(']')
                .toString();
    }

    private static boolean isVoidCgroupHook(VerifierEnv env) {
        Program program = env.program();
        return program.type() == ProgType.LSM
                && program.attachType() == AttachType.LSM_CGROUP
                && env.kernel().lsmHooks().returnsVoid(LsmHooks.PREFIX + program.attachTarget());
    }

    /** Returns whether the number is certainly within the range. */
    public static boolean isWithin(RegState reg, RetvalRange range) {
        return range.return32bit()
                ? range.min() <= reg.value().s32min() && reg.value().s32max() <= range.max()
                : range.min() <= reg.smin() && reg.smax() <= range.max();
    }

    /** The values that the program may return, or null if it may return any. */
    static @Nullable RetvalRange range(VerifierEnv env) {
        Program program = env.program();
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
            case STRUCT_OPS -> returnsPointer(env) ? ZERO : null;
            case LSM -> lsm(env, LsmHooks.PREFIX + program.attachTarget(), attach);
            default -> null;
        };
    }

    private static boolean returnsVoid(VerifierEnv env) {
        Program program = env.program();
        return switch (program.type()) {
            case LSM ->
                program.attachType() != AttachType.LSM_CGROUP
                        && env.kernel().lsmHooks().returnsVoid(LsmHooks.PREFIX + program.attachTarget());
            case STRUCT_OPS -> AttachTargets.require(env).proto().returnTypeId() == 0;
            default -> false;
        };
    }

    private static boolean returnsPointer(VerifierEnv env) {
        AttachTarget target = AttachTargets.require(env);
        return target.btf().resolved(target.proto().returnTypeId()) instanceof BtfType.Ptr;
    }

    /** Returns whether a function of a struct returns an object of its result's type, to which it holds a reference. */
    private static boolean returnsReference(VerifierEnv env, int regno) {
        if (env.program().type() != ProgType.STRUCT_OPS) {
            return false;
        }
        RegState reg = env.reg(regno);
        AttachTarget target = AttachTargets.require(env);
        boolean matches = reg.payload() instanceof RegPayload.BtfRef ref
                && ref.btf() == target.btf()
                && target.btf().resolved(target.proto().returnTypeId()) instanceof BtfType.Ptr pointer
                && target.btf().resolve(pointer.typeId()) == ref.typeId()
                && env.state().hasReference(reg.id());
        if (matches) {
            Registers.checkPointerOffset(env, reg, Registers.name(regno), false);
        }
        return matches;
    }

    private static @Nullable RetvalRange lsm(VerifierEnv env, String hook, AttachType attach) {
        RetvalRange range = env.kernel().lsmHooks().returnRange(hook);
        if (attach == AttachType.LSM_CGROUP) {
            return range == null ? ONE : ZERO_OR_ONE;
        }
        return range;
    }

    /** The values that what a program of a control group decides on may return before it, null if any. */
    public static @Nullable RetvalRange hookRange(VerifierEnv env) {
        Program program = env.program();
        if (program.attachType() == AttachType.CGROUP_GETSOCKOPT) {
            return null;
        }
        return program.type() == ProgType.LSM
                ? env.kernel().lsmHooks().returnRange(LsmHooks.PREFIX + program.attachTarget())
                : ZERO_OR_ERROR;
    }
}
