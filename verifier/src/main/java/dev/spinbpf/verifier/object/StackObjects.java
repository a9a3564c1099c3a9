package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;

/** Objects of the kernel that live in whole slots of the stack: dynptrs, iterators, saved interrupt flags. */
final class StackObjects {
    /** No object can be there; a message was printed. */
    static final int BAD = -Errno.EINVAL;
    /** The stack does not reach so far yet. */
    static final int BEYOND = -Errno.ERANGE;

    private StackObjects() {}

    /**
     * The first slot (the one with the highest number) of the object that the register points to.
     *
     * @param kind how messages call the object
     * @param slots slots that it takes
     * @return {@link #BAD} or {@link #BEYOND} if there cannot be one
     */
    static int slotOf(Exploration path, RegState reg, String kind, int slots) {
        if (!reg.isConst()) {
            path.log().note(Message.STACK_OBJECT_OFFSET_NOT_CONSTANT, kind);
            return BAD;
        }
        int off = (int) reg.constValue();
        boolean fits = off < 0 && off % StackSlot.BYTES == 0 && off <= -slots * StackSlot.BYTES;
        if (!fits) {
            path.log().note(Message.STACK_OBJECT_OFFSET, kind, off);
            return BAD;
        }
        int first = -off / StackSlot.BYTES - 1;
        return first < path.func(reg).slots() ? first : BEYOND;
    }
}
