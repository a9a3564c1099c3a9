package dev.spinbpf.verifier.object;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import org.jspecify.annotations.Nullable;

/**
 * Objects of the kernel that programs keep in whole slots of a stack: dynptrs, iterators, saved interrupt flags.
 *
 * <p>What must hold: an object begins at a multiple of eight bytes below the frame's base, at an offset that is the same
 * on all paths, and lies in the frame as a whole. All bytes of its slots are marked with the object's {@link SlotType};
 * its first slot, the one at the lowest address, says what it is and has its id. Programs write to the slots of no object
 * that they still want: a write makes plain bytes of the slot that it touches.
 *
 * <p>An object is made where the program may write and no object of the same kind lies. A place that the stack does not
 * reach yet is such a place; the write that makes the object grows the stack.
 */
enum StackObjects {
    DYNPTR("dynptr", SlotType.DYNPTR),
    ITERATOR("iter", SlotType.ITER),
    IRQ_FLAG("irq_flag", SlotType.IRQ_FLAG);

    private final String shown;
    private final SlotType type;

    /** @param shown how messages call such objects */
    StackObjects(String shown, SlotType type) {
        this.shown = shown;
        this.type = type;
    }

    /**
     * The place that a register points to; null if no object can be there, which the log then explains.
     *
     * @param pointer points into a stack
     * @param slots slots that the object takes
     */
    @Nullable
    Place at(Exploration path, RegState pointer, int slots) {
        if (!pointer.isConst()) {
            path.log().note(Message.STACK_OBJECT_OFFSET_NOT_CONSTANT, shown);
            return null;
        }
        int off = (int) pointer.constValue();
        boolean fits = off % StackSlot.BYTES == 0 && off <= -slots * StackSlot.BYTES;
        if (!fits) {
            path.log().note(Message.STACK_OBJECT_OFFSET, shown, off);
            return null;
        }
        return new Place(path, this, path.func(pointer), -off / StackSlot.BYTES - 1, slots);
    }

    /**
     * The place that a register points to, if the object is there; null if it is not.
     *
     * @param pointer points into a stack
     * @param slots slots that the object takes
     */
    @Nullable
    Place find(Exploration path, RegState pointer, int slots) {
        Place place = at(path, pointer, slots);
        return place != null && place.isWhole() ? place : null;
    }

    /**
     * Slots of a stack that an object takes or may take.
     *
     * @param first number of the object's first slot; those of the others are lower
     */
    record Place(Exploration path, StackObjects kind, FuncState frame, int first, int slots) {
        StackSlot slot(int index) {
            return frame.slot(first - index);
        }

        boolean isWithinStack() {
            return first < frame.slots();
        }

        /** Returns whether each byte belongs to an object of the kind. */
        boolean isWhole() {
            return isWithinStack() && countOfKind() == slots * StackSlot.BYTES;
        }

        /** Returns whether no byte belongs to an object of the kind. */
        boolean isFree() {
            return !isWithinStack() || countOfKind() == 0;
        }

        private int countOfKind() {
            int count = 0;
            for (int i = 0; i < slots * StackSlot.BYTES; i++) {
                if (slot(i / StackSlot.BYTES).type(i % StackSlot.BYTES) == kind.type) {
                    count++;
                }
            }
            return count;
        }

        /** The kind of the object. */
        RegState object() {
            return slot(0).spilled();
        }

        /** Refuses a place that the program must not write to. */
        void claim(MemoryAccess memory, RegState pointer, String name, int insnIndex) {
            for (int i = 0; i < slots; i++) {
                memory.checkAccess(path, insnIndex, pointer, name, i * StackSlot.BYTES, StackSlot.BYTES, true);
            }
        }

        /**
         * Puts an object here.
         *
         * @param object what the first slot says
         * @param rest what the other slots say
         */
        void put(RegState object, RegState rest) {
            for (int i = 0; i < slots; i++) {
                frame.setSlot(first - i, StackSlot.of(i == 0 ? object : rest, kind.type));
            }
            touch();
        }

        /** Takes the object away. */
        void clear() {
            for (int i = 0; i < slots; i++) {
                frame.setSlot(first - i, StackSlot.EMPTY);
            }
            touch();
        }

        /** Notes for the log that the instruction is about these slots. */
        void touch() {
            for (int i = 0; i < slots; i++) {
                path.log().markSlotScratched(first - i);
            }
        }
    }
}
