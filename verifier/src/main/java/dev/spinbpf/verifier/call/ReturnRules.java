package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.model.AttachType;
import dev.spinbpf.programs.model.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.check.Registers;
import dev.spinbpf.verifier.state.Errno;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.ReturnCodes;
import dev.spinbpf.verifier.state.RetvalRange;
import dev.spinbpf.verifier.state.UnsupportedFeature;
import dev.spinbpf.verifier.state.VerifierEnv;
import org.jspecify.annotations.Nullable;

/** What each kind of program may return. */
public final class ReturnRules implements ReturnCodes {
    private static final RetvalRange ZERO_OR_ONE = new RetvalRange(0, 1);
    private static final RetvalRange ZERO = new RetvalRange(0, 0);
    private static final RetvalRange ONE = new RetvalRange(1, 1);
    private static final RetvalRange UP_TO_THREE = new RetvalRange(0, 3);

    @Override
    public void checkReturnCode(VerifierEnv env, int regno, String registerName) {
        FuncState frame = env.state().frame(0);
        if (!frame.inAsyncCallback() && env.program().type() == ProgType.STRUCT_OPS) {
            throw new UnsupportedFeature("program type struct_ops is not supported");
        }
        if (!frame.inAsyncCallback() && returnsVoid(env)) {
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
        checkRange(env, reg, range, where, registerName);
    }

    /** Refuses a number that is not certainly within the range. */
    public static void checkRange(VerifierEnv env, RegState reg, RetvalRange range, String where, String registerName) {
        if (isWithin(reg, range)) {
            return;
        }
        StringBuilder known = new StringBuilder();
        if (reg.smin() > Long.MIN_VALUE) {
            known.append(" smin=").append(reg.smin());
        }
        if (reg.smax() < Long.MAX_VALUE) {
            known.append(" smax=").append(reg.smax());
        }
        if (known.isEmpty()) {
            known.append(" unknown scalar value");
        }
        throw env.reject(
                Errno.EINVAL,
                "%s the register %s has%s should have been in [%d, %d]",
                where,
                registerName,
                known,
                range.min(),
                range.max());
    }

    /** Whether the number is certainly within the range. */
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
            case LSM -> lsm(AttachTargets.require(env).name(), attach);
            default -> null;
        };
    }

    private static boolean returnsVoid(VerifierEnv env) {
        Program program = env.program();
        return program.type() == ProgType.LSM
                && program.attachType() != AttachType.LSM_CGROUP
                && AttachTargets.require(env).proto().returnTypeId() == 0;
    }

    private static @Nullable RetvalRange lsm(String hook, AttachType attach) {
        RetvalRange range = LsmHooks.returnRange(hook);
        if (attach == AttachType.LSM_CGROUP) {
            return range == null ? ONE : ZERO_OR_ONE;
        }
        return range;
    }
}
