package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.kernel.RawTracepoints;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/**
 * Contexts that are the arguments of a function of the kernel, eight bytes or a multiple each, and after them its result.
 *
 * <p>What must hold: a load begins where an argument's eight bytes begin, or the result's where programs at this place see
 * it. Numbers and structs may be loaded in part, and are any number; the result of a hook of a security module is a number
 * that the hook may return. Pointers are loaded whole. One to a struct is that object, and how far it can be relied on is
 * known from three sources, each of which {@link #flags adds} to it: the kind of program, the function (by the argument's
 * name or the table of tracepoints), and the tags of the type. Where the program's target says what an argument is, that
 * counts instead. Any other pointer is no more than a number.
 */
final class TracedContext {

    private TracedContext() {}

    /**
     * A value in the context.
     *
     * @param number of the argument; the count of arguments for the result
     * @param typeId its type
     * @param name the parameter's name, empty for the result
     * @param off its offset in the context
     */
    private record Value(AttachTarget target, int number, int typeId, String name, int off) {
        static Value of(AttachTarget target, int number, int off) {
            if (number == target.count()) {
                return new Value(target, number, target.proto().returnTypeId(), "", off);
            }
            BtfType.Param param = target.param(number);
            return new Value(target, number, param.typeId(), param.name(), off);
        }

        boolean isResult() {
            return number == target.count();
        }

        BtfType type() {
            return target.btf().resolved(typeId);
        }
    }

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
        int number = numberAt(target, off);
        if (number > target.count()) {
            log.note(Message.TRACED_NO_SUCH_ARGUMENT, target.name(), number + 1);
            return null;
        }
        Value value = Value.of(target, number, off);
        return value.isResult() ? result(unit, log, value, size) : loaded(unit, log, value, size);
    }

    /**
     * Returns which value of the prototype lies at the offset, one more than all if none does. An argument that programs do
     * not see takes no place in the context but counts here, so that the last number may be beyond the result.
     */
    private static int numberAt(AttachTarget target, int off) {
        int number = 0;
        int end = 0;
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

    private static @Nullable RegState result(ProgramUnit unit, VerifierLog log, Value value, int size) {
        Program program = unit.program();
        if (unit.has(Property.READS_INT_RESULT)) {
            BtfType type = value.type();
            if (type instanceof BtfType.Int number && number.sizeBytes() <= Long.BYTES) {
                return RegState.UNKNOWN;
            }
            log.note(Message.FMOD_RET_TYPE_NOT_ALLOWED, AttachTargets.kindName(type));
            return null;
        }
        if (!unit.has(Property.READS_RESULT)) {
            log.note(Message.TRACED_NO_SUCH_ARGUMENT, value.target.name(), value.number + 1);
            return null;
        }
        RetvalRange range = program.attachType() == AttachType.LSM_MAC
                ? unit.kernel().lsmHooks().returnRange(value.target.name())
                : null;
        return range == null
                ? loaded(unit, log, value, size)
                : RegState.scalar(ScalarValue.signedRange(range.min(), range.max()));
    }

    private static @Nullable RegState loaded(ProgramUnit unit, VerifierLog log, Value value, int size) {
        return switch (value.type()) {
            case BtfType.Int type when type.sizeBytes() <= Long.BYTES -> RegState.UNKNOWN;
            case BtfType.Enum _, BtfType.Composite _ -> RegState.UNKNOWN;
            case BtfType.Ptr pointer when size == Long.BYTES -> pointer(unit, log, value, pointer);
            case BtfType.Ptr _ -> {
                log.note(Message.TRACED_SIZE_MUST_BE_8, value.target.name(), size);
                yield null;
            }
            case BtfType other -> {
                String kind = AttachTargets.kindName(other);
                log.note(Message.TRACED_ARG_NOT_A_POINTER, value.target.name(), value.number, other.name(), kind);
                yield null;
            }
        };
    }

    private static @Nullable RegState pointer(ProgramUnit unit, VerifierLog log, Value value, BtfType.Ptr pointer) {
        BtfType pointee = value.target.btf().resolved(pointer.typeId());
        AttachTarget.Argument known = value.target.argumentAt(value.off);
        if (known != null
                && (pointee instanceof BtfType.Composite || known.reg().is(RegType.PTR_TO_BUF))) {
            return known.reg();
        }
        if (!(pointee instanceof BtfType.Composite) || mayBeError(unit, value)) {
            return RegState.UNKNOWN;
        }
        if (unit.targetProgram() != null
                && value.target.btf() == unit.targetProgram().types()) {
            return contextOfTarget(unit, value, pointee.name());
        }
        if (!AttachTargets.hasTypes(unit)) {
            return opaque(unit, value, pointee.name());
        }
        int tags = tagFlags(value.target.btf(), pointer);
        if (Integer.bitCount(tags) > 1) {
            log.note(Message.TRACED_ARG_MULTIPLE_TYPE_TAGS, value.target.name(), value.number);
            return null;
        }
        int struct = value.target.btf().resolve(pointer.typeId());
        return RegState.btfId(value.target.btf(), struct, flags(unit, value) | tags);
    }

    private static @Nullable RegState contextOfTarget(ProgramUnit unit, Value value, String struct) {
        String context = ProgramTargets.kernelContext(unit, struct);
        if (context == null) {
            return null;
        }
        int id = unit.kernelTypes().find(context, BtfType.Composite.class);
        return id == 0 ? opaque(unit, value, context) : RegState.btfId(unit.kernelTypes(), id, flags(unit, value));
    }

    private static boolean isTracepoint(ProgramUnit unit) {
        return unit.program().attachType() == AttachType.TRACE_RAW_TP;
    }

    private static boolean mayBeError(ProgramUnit unit, Value value) {
        RawTracepoints tracepoints = unit.kernel().rawTracepoints();
        return isTracepoint(unit) && tracepoints.mayBeError(value.target.name(), value.number);
    }

    /** The flags of a pointer to a struct by where the program is attached. */
    private static int flags(ProgramUnit unit, Value value) {
        boolean mayBeNull = value.name.endsWith("__nullable")
                || isTracepoint(unit) && unit.kernel().rawTracepoints().mayBeNull(value.target.name(), value.number);
        return (AttachTargets.trustsArguments(unit) ? TypeFlags.PTR_TRUSTED : 0)
                | (mayBeNull ? TypeFlags.PTR_MAYBE_NULL : 0);
    }

    /** A pointer to a struct of which no more than the name is known. */
    private static RegState opaque(ProgramUnit unit, Value value, String struct) {
        Btf types = unit.kernel().structs().typesOr(Btf.EMPTY);
        int id = types.find(struct, BtfType.Composite.class);
        if (id == 0) {
            throw new UnsupportedFeature("argument " + (value.number + 1) + " of " + value.target.name()
                    + ", a pointer to struct " + struct + ", is not supported without the kernel's types");
        }
        return RegState.btfId(types, id, flags(unit, value));
    }

    /** The flags that tags between a pointer and its struct give. */
    private static int tagFlags(Btf btf, BtfType.Ptr pointer) {
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
                    return flags;
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
