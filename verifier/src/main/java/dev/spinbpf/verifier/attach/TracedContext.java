package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/**
 * Contexts that are the arguments of a function of the kernel, eight bytes or a multiple each, and behind them its
 * result: Linux's {@code btf_ctx_access}.
 */
final class TracedContext {

    private TracedContext() {}

    /** Returns what a load of an argument gives, or null if the access is not allowed. */
    static @Nullable RegState check(ProgramUnit unit, VerifierLog log, int off, int size, boolean write) {
        return isWithin(off, size, write) ? argument(unit, log, off, size) : null;
    }

    /** Returns whether a read is of an aligned part of the context. */
    static boolean isWithin(int off, int size, boolean write) {
        return !write && off >= 0 && off < KernelLimits.MAX_BPF_FUNC_ARGS * Long.BYTES && off % size == 0;
    }

    /** As {@link #check}, and the caller has checked that the access is a read within the context. */
    static @Nullable RegState argument(ProgramUnit unit, VerifierLog log, int off, int size) {
        AttachTarget target = AttachTargets.require(unit);
        if (off % Long.BYTES != 0) {
            log.note(Message.TRACED_OFFSET_NOT_MULTIPLE_OF_8, target.name(), off);
            return null;
        }
        int number = argumentNumber(target, off);
        if (number > target.count()) {
            log.note(Message.TRACED_NO_SUCH_ARGUMENT, target.name(), number + 1);
            return null;
        }
        return number == target.count()
                ? result(unit, log, target, off, size)
                : typed(unit, log, target, number, off, size);
    }

    /** Returns which argument lies at the offset; the count of arguments if the result does, one more if nothing does. */
    private static int argumentNumber(AttachTarget target, int off) {
        int end = 0;
        int number = 0;
        for (BtfType.Param param : target.proto().params()) {
            end += AttachTarget.slotBytes(target.btf(), param.typeId());
            if (off < end) {
                return number;
            }
            number++;
        }
        end += AttachTarget.slotBytes(target.btf(), target.proto().returnTypeId());
        return off < end ? number : number + 1;
    }

    private static @Nullable RegState result(
            ProgramUnit unit, VerifierLog log, AttachTarget target, int off, int size) {
        AttachType attach = unit.program().attachType();
        int typeId = target.proto().returnTypeId();
        switch (attach) {
            case LSM_MAC -> {
                RetvalRange range = unit.kernel().lsmHooks().returnRange(target.name());
                if (range != null) {
                    ScalarValue value = ScalarValue.signedRange(range.min(), range.max());
                    return RegState.scalar(value);
                }
            }
            case LSM_CGROUP, TRACE_FEXIT, TRACE_FSESSION -> {}
            case MODIFY_RETURN -> {
                BtfType type = target.btf().resolved(typeId);
                if (!(type instanceof BtfType.Int number) || number.sizeBytes() > Long.BYTES) {
                    log.note(Message.FMOD_RET_TYPE_NOT_ALLOWED, AttachTargets.kindName(type));
                    return null;
                }
            }
            default -> {
                log.note(Message.TRACED_NO_SUCH_ARGUMENT, target.name(), target.count() + 1);
                return null;
            }
        }
        return typed(unit, log, target, target.count(), off, size);
    }

    /** The argument of that number, or the result if it is the number of arguments. */
    private static @Nullable RegState typed(
            ProgramUnit unit, VerifierLog log, AttachTarget target, int number, int off, int size) {
        Btf btf = target.btf();
        boolean isResult = number == target.count();
        int typeId =
                isResult ? target.proto().returnTypeId() : target.param(number).typeId();
        switch (btf.resolved(typeId)) {
            case BtfType.Int type
            when type.sizeBytes() <= Long.BYTES -> {
                return RegState.UNKNOWN;
            }
            case BtfType.Enum _, BtfType.Composite _ -> {
                return RegState.UNKNOWN;
            }
            case BtfType.Ptr pointer -> {
                if (size != Long.BYTES) {
                    log.note(Message.TRACED_SIZE_MUST_BE_8, target.name(), size);
                    return null;
                }
                return pointer(unit, log, target, pointer, number, off);
            }
            case BtfType other -> {
                log.note(
                        Message.TRACED_ARG_NOT_A_POINTER,
                        target.name(),
                        number,
                        other.name(),
                        AttachTargets.kindName(other));
                return null;
            }
        }
    }

    private static @Nullable RegState pointer(
            ProgramUnit unit, VerifierLog log, AttachTarget target, BtfType.Ptr pointer, int number, int off) {
        Btf btf = target.btf();
        AttachTarget.Argument known = target.argumentAt(off);
        boolean isBuffer = known != null && known.reg().is(RegType.PTR_TO_BUF);
        if (known != null && isBuffer) {
            return known.reg();
        }
        if (!(btf.resolved(pointer.typeId()) instanceof BtfType.Composite struct)) {
            return RegState.UNKNOWN;
        }
        if (known != null) {
            return known.reg();
        }
        int flags = AttachTargets.trustsArguments(unit) ? TypeFlags.PTR_TRUSTED : 0;
        if (number < target.count() && target.param(number).name().endsWith("__nullable")) {
            flags |= TypeFlags.PTR_MAYBE_NULL;
        }
        if (unit.program().attachType() == AttachType.TRACE_RAW_TP) {
            if (unit.kernel().rawTracepoints().mayBeError(target.name(), number)) {
                return RegState.UNKNOWN;
            }
            if (unit.kernel().rawTracepoints().mayBeNull(target.name(), number)) {
                flags |= TypeFlags.PTR_MAYBE_NULL;
            }
        }
        return AttachTargets.hasTypes(unit)
                ? struct(log, target, pointer, number, flags)
                : opaque(unit, target, struct.name(), number, flags);
    }

    /** A pointer to a struct of which no more than the name is known. */
    private static RegState opaque(ProgramUnit unit, AttachTarget target, String struct, int number, int flags) {
        Btf types = unit.kernel().structs().typesOr(Btf.EMPTY);
        int id = types.find(struct, BtfType.Composite.class);
        if (id == 0) {
            throw new UnsupportedFeature("argument " + (number + 1) + " of " + target.name() + ", a pointer to struct "
                    + struct + ", is not supported without the kernel's types");
        }
        return RegState.btfId(types, id, flags);
    }

    /** A pointer to a struct, with what its tags say of it. */
    private static @Nullable RegState struct(
            VerifierLog log, AttachTarget target, BtfType.Ptr pointer, int number, int trust) {
        Btf btf = target.btf();
        int flags = 0;
        int at = pointer.typeId();
        while (true) {
            switch (btf.type(at)) {
                case BtfType.Modifier modifier -> {
                    flags |= tagFlag(modifier);
                    at = modifier.typeId();
                }
                case BtfType.Typedef typedef -> at = typedef.typeId();
                default -> {
                    if (Integer.bitCount(flags) > 1) {
                        log.note(Message.TRACED_ARG_MULTIPLE_TYPE_TAGS, target.name(), number);
                        return null;
                    }
                    return RegState.btfId(btf, at, trust | flags);
                }
            }
        }
    }

    private static int tagFlag(BtfType.Modifier modifier) {
        if (modifier.kind() != BtfType.ModifierKind.TYPE_TAG) {
            return 0;
        }
        return switch (modifier.name()) {
            case "user" -> TypeFlags.MEM_USER;
            case "percpu" -> TypeFlags.MEM_PERCPU;
            default -> 0;
        };
    }
}
