package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.domain.ScalarAlu;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Arithmetic of a pointer and a scalar: Linux's {@code adjust_ptr_min_max_vals}. */
final class PointerMath {
    private PointerMath() {}

    /**
     * Sets the destination to the pointer moved by the scalar.
     *
     * @param offset the scalar
     * @param pointerIsDst whether the pointer is the instruction's destination rather than its source
     */
    static void adjust(Exploration path, Insn insn, RegState pointer, ScalarValue offset, boolean pointerIsDst) {
        int dst = insn.dst();
        boolean known = offset.isConst();
        if (offset.isEmpty() || (known && (offset.smin() != offset.smax() || offset.umin() != offset.umax()))) {
            path.setReg(dst, RegState.UNKNOWN);
            return;
        }
        if (!insn.op().is64()) {
            if (insn.op().alu() == Op.Alu.SUB) {
                path.setReg(dst, RegState.UNKNOWN);
                return;
            }
            throw path.reject(Errno.EACCES, Message.POINTER_ARITHMETIC_32BIT, dst);
        }
        if (pointer.mayBeNull()) {
            throw path.reject(Errno.EACCES, Message.POINTER_ARITHMETIC_BEFORE_NULL_CHECK, dst, pointer.typeText());
        }
        if (!isAllowed(pointer, insn.op().alu(), offset)) {
            throw path.reject(Errno.EACCES, Message.POINTER_ARITHMETIC_ON_TYPE, dst, pointer.typeText());
        }
        if (pointer.is(RegType.PTR_TO_MEM) && pointer.hasFlag(TypeFlags.PTR_UNTRUSTED)) {
            path.setReg(dst, pointer);
            return;
        }
        checkScalar(path, offset, pointer);
        checkSane(path, pointer.value(), pointer);
        RegState moved =
                switch (insn.op().alu()) {
                    case ADD -> added(path, pointer, offset);
                    case SUB -> subtracted(path, insn, pointer, offset, pointerIsDst);
                    case AND, OR, XOR ->
                        throw path.reject(
                                Errno.EACCES,
                                Message.POINTER_BITWISE_OPERATOR,
                                dst,
                                Arithmetic.symbol(insn.op().alu()));
                    default ->
                        throw path.reject(
                                Errno.EACCES,
                                Message.POINTER_ARITHMETIC_OPERATOR,
                                dst,
                                Arithmetic.symbol(insn.op().alu()));
                };
        checkSane(path, moved.value(), pointer);
        boolean keepsObject = pointerIsDst || path.unit().kernel().has(KernelRule.COMMUTED_SUMS_KEEP_OBJECTS);
        path.setReg(dst, keepsObject ? moved : withoutObject(path, moved));
    }

    private static RegState withoutObject(Exploration path, RegState reg) {
        if (reg.is(RegType.PTR_TO_STACK, 0)) {
            return reg.withFrameno(0);
        }
        boolean isObject = path.state().hasReference(reg.id());
        return (isObject ? reg.withId(0) : reg).withParentId(0);
    }

    private static boolean isAllowed(RegState pointer, Op.Alu alu, ScalarValue offset) {
        boolean known = offset.isConst();
        boolean addsNothing = known && offset.smin() == 0 && alu == Op.Alu.ADD;
        return switch (pointer.type()) {
            case PTR_TO_CTX,
                    PTR_TO_MAP_VALUE,
                    PTR_TO_MAP_KEY,
                    PTR_TO_STACK,
                    PTR_TO_PACKET_META,
                    PTR_TO_PACKET,
                    PTR_TO_TP_BUFFER,
                    PTR_TO_BTF_ID,
                    PTR_TO_MEM,
                    PTR_TO_BUF,
                    PTR_TO_FUNC,
                    CONST_PTR_TO_DYNPTR -> true;
            case PTR_TO_FLOW_KEYS -> known;
            case CONST_PTR_TO_MAP -> addsNothing;
            default -> false;
        };
    }

    private static RegState added(Exploration path, RegState pointer, ScalarValue offset) {
        RegState moved = pointer.withValue(ScalarAlu.addToOffset(pointer.value(), offset));
        if (!pointer.isPacketPointer()) {
            return moved;
        }
        boolean known = offset.isConst();
        if (known && isChecked(path)) {
            moved = pointer.withValue(ScalarAlu.addToOffsetLoosely(pointer.value(), offset));
        }
        RegState based = known ? moved : moved.withId(path.newId());
        return !known || leavesEnd(path, pointer) ? withoutRange(based) : based;
    }

    private static RegState subtracted(
            Exploration path, Insn insn, RegState pointer, ScalarValue offset, boolean pointerIsDst) {
        if (!pointerIsDst) {
            throw path.reject(Errno.EACCES, Message.POINTER_SUBTRACTED_FROM_SCALAR, insn.dst());
        }
        if (pointer.is(RegType.PTR_TO_STACK, 0)) {
            throw path.reject(Errno.EACCES, Message.STACK_POINTER_SUBTRACTION, insn.dst());
        }
        RegState moved = pointer.withValue(ScalarAlu.subtractFromOffset(pointer.value(), offset));
        if (!pointer.isPacketPointer()) {
            return moved;
        }
        boolean known = offset.isConst();
        boolean losesRange = !known && offset.smin() < 0 || leavesEnd(path, pointer);
        if ((known || !losesRange && pointer.range() > 0) && isChecked(path)) {
            moved = pointer.withValue(ScalarAlu.subtractFromOffsetLoosely(pointer.value(), offset));
        }
        RegState based = known ? moved : moved.withId(path.newId());
        if (!known && offset.smax() > 0 && !path.unit().kernel().has(KernelRule.PACKET_OFFSETS_ARE_SUMS)) {
            return based.withPayload(new RegPayload.PacketRange(RegPayload.PacketRange.MAYBE_NEGATIVE));
        }
        return losesRange ? withoutRange(based) : based;
    }

    /** Returns whether the pointer is known to be at the packet's end, or beyond, and is not once it is moved. */
    private static boolean leavesEnd(Exploration path, RegState pointer) {
        return pointer.range() < 0 && path.unit().kernel().has(KernelRule.MOVED_POINTERS_LEAVE_END);
    }

    /** Returns whether the bounds of a packet pointer stay those that its range was found with. */
    private static boolean isChecked(Exploration path) {
        return path.unit().kernel().has(KernelRule.PACKET_BOUNDS_STAY_AS_CHECKED);
    }

    private static RegState withoutRange(RegState reg) {
        return reg.withPayload(new RegPayload.PacketRange(0));
    }

    private static void checkScalar(Exploration path, ScalarValue offset, RegState pointer) {
        if (offset.isConst() && isFar(offset.value())) {
            throw path.reject(
                    Errno.EINVAL, Message.POINTER_MATH_CONSTANT_TOO_LARGE, pointer.typeText(), offset.value());
        }
        if (offset.smin() == Long.MIN_VALUE) {
            throw path.reject(Errno.EINVAL, Message.POINTER_MATH_UNBOUNDED, pointer.typeText());
        }
        if (isFar(offset.smin())) {
            throw path.reject(Errno.EINVAL, Message.POINTER_OUT_OF_BOUNDS, offset.smin(), pointer.typeText());
        }
    }

    private static void checkSane(Exploration path, ScalarValue value, RegState pointer) {
        long at = value.isConst() ? value.value() : value.smin();
        if (isFar(at) || isFar(value.smin())) {
            throw path.reject(
                    Errno.EINVAL, Message.POINTER_OFFSET_TOO_LARGE, pointer.typeText(), isFar(at) ? at : value.smin());
        }
    }

    private static boolean isFar(long offset) {
        return offset >= Registers.MAX_VAR_OFF || offset <= -Registers.MAX_VAR_OFF;
    }
}
