package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.TargetProgram;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Targets that are functions of another program.
 *
 * <p>What must hold: the target's types have a function of the name, and the target contains it, other than as its exception callback.
 * What replaces it is no replacement's replacement and does not replace what traces, has the same prototype, as far as a caller can
 * tell, and does nothing to packets and does not sleep unless the function does. What traces it sees the arguments of its prototype, if
 * all callers keep to that, else five numbers; it neither sleeps nor changes the result, and does not trace what traces a program.
 */
final class ProgramTargets {
    private ProgramTargets() {}

    /** Returns whether the program attaches to the target that was given, not to the kernel. */
    static boolean isMeant(ProgramUnit unit) {
        TargetProgram target = unit.targetProgram();
        if (target == null || unit.isExtension()) {
            return target != null;
        }
        Program program = unit.program();
        String name = program.attachTarget();
        return program.type() == ProgType.TRACING && name != null && target.declares(name);
    }

    /** The function that the program attaches to; refuses what Linux refuses. */
    static AttachTarget resolve(ProgramUnit unit, VerifierLog log, TargetProgram target) {
        String name = AttachTargets.named(unit, log, unit.declared().attachTarget());
        if (target.types().size() <= 1) {
            throw log.reject(Errno.EINVAL, Message.TARGET_PROGRAM_WITHOUT_TYPES);
        }
        int id = target.types().find(name, BtfType.Func.class);
        if (id == 0) {
            throw log.reject(Errno.ENOENT, Message.NOT_IN_TARGET_PROGRAM, name);
        }
        TargetProgram.Function function = target.function(id);
        if (function == null) {
            throw log.reject(Errno.EINVAL, Message.SUBPROG_DOES_NOT_EXIST, name);
        }
        if (function.handlesExceptions()) {
            throw log.reject(
                    Errno.EINVAL, Message.EXCEPTION_CB_IS_NO_TARGET, unit.isExtension() ? "Extension" : "Tracing");
        }
        if (unit.isExtension()) {
            checkReplacement(unit, log, target, function);
        } else if (target.attachment() == TargetProgram.Attachment.TRACES_TRACING) {
            throw log.reject(Errno.EINVAL, Message.TRACING_NESTS_ONCE);
        }
        return attached(unit, log, target, function, name);
    }

    private static void checkReplacement(
            ProgramUnit unit, VerifierLog log, TargetProgram target, TargetProgram.Function function) {
        if (!function.reliable()) {
            throw log.reject(Errno.EINVAL, Message.STATIC_FUNCTION_REPLACED);
        }
        SubprogInfo own = unit.subprog(0);
        if (own.changesPktData && !function.changesPackets()) {
            throw log.reject(Errno.EINVAL, Message.REPLACEMENT_CHANGES_PACKETS);
        }
        if (own.mightSleep && !function.maySleep()) {
            throw log.reject(Errno.EINVAL, Message.REPLACEMENT_MAY_SLEEP);
        }
        if (target.kind() == ProgType.EXT) {
            throw log.reject(Errno.EINVAL, Message.REPLACEMENT_REPLACED);
        }
        boolean traces =
                switch (target.program().attachType()) {
                    case TRACE_FENTRY,
                            TRACE_FEXIT,
                            TRACE_FSESSION,
                            TRACE_FENTRY_MULTI,
                            TRACE_FEXIT_MULTI,
                            TRACE_FSESSION_MULTI -> true;
                    default -> false;
                };
        if (target.kind() == ProgType.TRACING && traces) {
            throw log.reject(Errno.EINVAL, Message.TRACING_REPLACED);
        }
    }

    private static AttachTarget attached(
            ProgramUnit unit, VerifierLog log, TargetProgram target, TargetProgram.Function function, String name) {
        AttachType type = unit.program().attachType();
        if (!unit.isExtension() && type == AttachType.TRACE_RAW_TP) {
            throw log.reject(Errno.EINVAL, Message.ONLY_TRACING_OF_PROGRAMS);
        }
        Btf btf = target.types();
        if (unit.isExtension()) {
            new PrototypeComparison(log, unit.btf(), btf).check(unit.subprog(0).btfFuncId, function.btfFuncId());
        }
        BtfType.FuncProto proto =
                function.reliable() ? AttachTargets.protoOf(btf, function.btfFuncId()) : anyArguments(btf);
        AttachTargets.checkPrototype(log, btf, name, proto);
        if (unit.program().sleepable()) {
            throw log.reject(Errno.EINVAL, Message.TARGET_NOT_SLEEPABLE, name);
        }
        if (!unit.isExtension() && type == AttachType.MODIFY_RETURN) {
            throw log.reject(Errno.EINVAL, Message.RESULT_OF_PROGRAM_MODIFIED);
        }
        if (type == AttachType.TRACE_ITER) {
            throw log.reject(
                    Errno.EINVAL, Message.PROGRAM_TYPE_UNKNOWN, unit.program().name());
        }
        return new AttachTarget(btf, name, proto, false, List.of());
    }

    /** The prototype of functions that nothing is known of: as many numbers as registers can pass. */
    private static BtfType.FuncProto anyArguments(Btf btf) {
        for (int id = 1; id < btf.size(); id++) {
            if (btf.type(id) instanceof BtfType.Int number && number.sizeBytes() <= Long.BYTES) {
                var param = new BtfType.Param("", id);
                return new BtfType.FuncProto(id, Collections.nCopies(KernelLimits.MAX_BPF_FUNC_REG_ARGS, param));
            }
        }
        throw new UnsupportedFeature("a target whose types have no number is not supported");
    }

    /** The kernel's form of the context, if that is what the target's argument points to; null if it is not. */
    static @Nullable String kernelContext(ProgramUnit unit, String struct) {
        TargetProgram target = unit.targetProgram();
        if (target == null) {
            return null;
        }
        ProgType type = target.program().type();
        return unit.kernel().programTypes().isContext(struct, type)
                ? unit.kernel().programTypes().kernelContext(type)
                : null;
    }
}
