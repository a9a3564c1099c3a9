package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.References;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.prune.Widening;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import org.jspecify.annotations.Nullable;

/**
 * Iterators on the stack: made by one function, advanced by a second, destroyed by a third.
 *
 * <p>What must hold:
 *
 * <ul>
 *   <li>An iterator is of one kind from when it is made until it is destroyed, and is a reference: a program that leaves
 *       it behind is refused. Other functions may use one, too, of the kind that their argument names.
 *   <li>One whose elements RCU protects can be used only as long as the read section lasts in which it was made; where
 *       that ended, or never began, the iterator is untrusted.
 *   <li>Each step leads to two paths. On one there is an element, and more may follow; on the other there is none, and
 *       never will be: such an iterator is drained, and further steps lead to that path alone. So a loop over an iterator
 *       ends, and the path with an element may stop where it does nothing new. To get there, what loops change step by
 *       step is widened against the last visit at the same place.
 * </ul>
 */
public final class Iterators {
    private static final String PREFIX = "bpf_iter_";

    private final MemoryAccess memory;

    public Iterators(MemoryAccess memory) {
        this.memory = memory;
    }

    /**
     * The first slot of an iterator.
     *
     * @param id id of the reference that stands for the iterator
     */
    public record Place(int frame, int slot, int id) {
        /** The iterator in a state that has it. */
        public RegState in(VerifierState state) {
            return state.frame(frame).slot(slot).spilled();
        }

        private void set(VerifierState state, RegPayload.Iter payload) {
            FuncState func = state.frame(frame);
            func.setSlot(slot, func.slot(slot).withSpilled(in(state).withPayload(payload)));
        }
    }

    /** An iterator that a function is passed: the pointer to it, the argument's name in messages, and its kind. */
    private record Operand(RegState pointer, String name, String struct, RegPayload.BtfRef type, int slots) {
        static Operand of(Exploration path, RegState pointer, String name, String struct) {
            Btf btf = path.unit().kernel().structs().typesOr(path.unit().kernelTypes());
            var type = new RegPayload.BtfRef(btf, btf.find(struct, BtfType.Composite.class));
            int slots = path.unit().kernel().structs().sizeOf(struct) / StackSlot.BYTES;
            return new Operand(pointer, name, struct, type, slots);
        }

        /** The kind as messages call it. */
        String shown() {
            return struct.substring(PREFIX.length());
        }
    }

    /** Fitness of the slots that a function gets for an iterator. */
    private enum Fitness {
        USABLE,
        /** Elements may be freed any time. */
        UNPROTECTED,
        NO_ITERATOR
    }

    /**
     * Checks the iterator that a function is passed, and makes or destroys it if that is what the function does.
     *
     * @return its place, null if it was made
     */
    public @Nullable Place process(
            Exploration path, RegState reg, String name, int insnIndex, Kfunc kfunc, KernelType type) {
        if (!reg.is(RegType.PTR_TO_STACK, 0)) {
            throw path.reject(Errno.EINVAL, Message.ITER_POINTER_EXPECTED, name);
        }
        Operand operand = Operand.of(path, reg, name, type.pointee().name());
        if (kfunc.has(Kfunc.Flag.ITER_NEW)) {
            make(path, operand, insnIndex, kfunc.has(Kfunc.Flag.RCU_PROTECTED));
            return null;
        }
        StackObjects.Place slots = existing(path, operand, kfunc);
        int id = slots.object().id();
        slots.touch();
        if (kfunc.has(Kfunc.Flag.ITER_DESTROY)) {
            References.release(path, id);
            slots.clear();
        }
        return new Place(reg.frameno(), slots.first(), id);
    }

    private void make(Exploration path, Operand operand, int insnIndex, boolean rcuProtected) {
        StackObjects.Place slots = StackObjects.ITERATOR.at(path, operand.pointer, operand.slots);
        if (slots == null || !slots.isFree()) {
            throw path.reject(Errno.EINVAL, Message.UNINITIALIZED_ITER_EXPECTED, operand.shown(), operand.name);
        }
        slots.claim(memory, operand.pointer, operand.name, insnIndex);
        int protection = CriticalSections.inRcuSection(path) ? TypeFlags.MEM_RCU : TypeFlags.PTR_UNTRUSTED;
        var payload = new RegPayload.Iter(operand.type.btf(), operand.type.typeId(), false, 0);
        RegState rest = RegState.pointer(RegType.PTR_TO_STACK, rcuProtected ? protection : 0, payload);
        slots.put(rest.withId(References.acquire(path, insnIndex, 0)), rest);
    }

    private static StackObjects.Place existing(Exploration path, Operand operand, Kfunc kfunc) {
        StackObjects.Place slots = StackObjects.ITERATOR.at(path, operand.pointer, operand.slots);
        Fitness fitness = slots == null ? Fitness.NO_ITERATOR : fitness(slots, operand.type);
        if (slots == null || fitness == Fitness.NO_ITERATOR) {
            throw path.reject(Errno.EINVAL, Message.INITIALIZED_ITER_EXPECTED, operand.shown(), operand.name);
        }
        if (fitness == Fitness.UNPROTECTED) {
            throw path.reject(Errno.EPROTO, Message.ITER_NEEDS_RCU_SECTION, kfunc.name());
        }
        return slots;
    }

    /** The first slot that is not as it should be decides. */
    private static Fitness fitness(StackObjects.Place slots, RegPayload.BtfRef type) {
        for (int i = 0; slots.isWithinStack() && i < slots.slots(); i++) {
            RegState part = slots.slot(i).spilled();
            if (part.hasFlag(TypeFlags.PTR_UNTRUSTED)) {
                return Fitness.UNPROTECTED;
            }
            boolean begins = part.id() != 0;
            if (begins != (i == 0) || !isOf(part, type)) {
                return Fitness.NO_ITERATOR;
            }
        }
        return slots.isWhole() ? Fitness.USABLE : Fitness.NO_ITERATOR;
    }

    private static boolean isOf(RegState part, RegPayload.BtfRef type) {
        return part.payload() instanceof RegPayload.Iter iter
                && type.equals(new RegPayload.BtfRef(iter.btf(), iter.typeId()));
    }

    /** Goes on without an element; if there may be one, another path with it is explored later. */
    public static void next(Exploration path, Place place, int insnIndex) {
        VerifierState state = path.state();
        RegPayload.Iter iter = (RegPayload.Iter) place.in(state).payload();
        if (!iter.drained()) {
            VerifierState parent = state.parent();
            VerifierState lastVisit =
                    parent == null ? null : path.services().stateCache().findPreviousEntry(path, parent, insnIndex);
            VerifierState withElement = path.pushStack(insnIndex + 1, insnIndex);
            place.set(withElement, iter.atDepth(iter.depth() + 1));
            if (lastVisit != null) {
                Widening.widen(lastVisit, withElement);
            }
            FuncState func = withElement.func();
            func.setReg(0, func.reg(0).notNull());
        }
        place.set(state, iter.asDrained());
        path.setReg(0, RegState.ZERO);
    }
}
