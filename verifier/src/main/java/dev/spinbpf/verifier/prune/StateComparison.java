package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Compares a state with an older one at the same place that is known to be safe. If the older one allows all that the
 * current one allows, the path needs no further exploration.
 */
final class StateComparison {
    /** The strictness of a comparison. */
    enum Exactness {
        /** Scalars that do not matter to safety are not compared. */
        NOT_EXACT,
        /** Everything. */
        EXACT,
        /** All scalars must lie within the old ones: it is not known yet which of them matter. */
        RANGE_WITHIN
    }

    private static final StackSlot EMPTY = StackSlot.EMPTY;
    private static final long ALL_MISC = typesOf(SlotType.MISC);
    private static final long ALL_POISON = typesOf(SlotType.POISON);

    private final IdMap ids = new IdMap();
    private boolean innerMapsHaveIds;
    private boolean framesMatterExactly;

    /** Returns whether the safety of {@code old} implies that of {@code current}. */
    boolean equal(Exploration path, VerifierState old, VerifierState current, Exactness exactness) {
        if (old.curframe() != current.curframe()) {
            return false;
        }
        ids.reset(path.lastId());
        innerMapsHaveIds = path.unit().kernel().has(KernelRule.INNER_MAPS_HAVE_IDS);
        framesMatterExactly = path.unit().kernel().has(KernelRule.STACK_FRAMES_TELL_ROUNDS_APART);
        if (old.inSleepable() != current.inSleepable() || !sameReferences(old, current)) {
            return false;
        }
        for (int i = 0; i <= old.curframe(); i++) {
            FuncState oldFrame = old.frame(i);
            FuncState frame = current.frame(i);
            int live = path.unit().aux(old.frameInsn(i)).liveRegsBefore;
            if (oldFrame.callsite() != frame.callsite() || !framesSafe(oldFrame, frame, live, exactness)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns whether the registers of the current frames are the very same: a cheap first look before a loop is
     * suspected.
     */
    static boolean maybeLooping(VerifierState old, VerifierState current) {
        if (old.curframe() != current.curframe()) {
            return false;
        }
        for (int i = 0; i < FuncState.REGISTERS; i++) {
            RegState a = old.func().reg(i);
            RegState b = current.func().reg(i);
            if (!sameContent(a, b) || a.id() != b.id() || a.parentId() != b.parentId()) {
                return false;
            }
        }
        return true;
    }

    /**
     * A number that is the same for states of which {@link #maybeLooping} holds. In a loop of many rounds it tells most
     * kept states apart from the current one without a look at them.
     */
    static int fingerprint(VerifierState state) {
        int result = state.curframe();
        for (int i = 0; i < FuncState.REGISTERS; i++) {
            RegState reg = state.func().reg(i);
            result = (result * 31 + reg.type().ordinal()) * 31 + reg.value().hashCode();
        }
        return result;
    }

    private boolean sameReferences(VerifierState old, VerifierState current) {
        if (old.references().size() != current.references().size()
                || old.activeLocks() != current.activeLocks()
                || old.activePreemptLocks() != current.activePreemptLocks()
                || old.activeRcuLocks() != current.activeRcuLocks()) {
            return false;
        }
        for (int i = 0; i < old.references().size(); i++) {
            if (!sameReference(old.references().get(i), current.references().get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean sameReference(AcquiredReference old, AcquiredReference current) {
        if (!ids.check(old.id(), current.id()) || old.type() != current.type()) {
            return false;
        }
        return switch (old.type()) {
            case PTR -> ids.check(old.parentId(), current.parentId());
            case IRQ -> true;
            case LOCK, RES_LOCK, RES_LOCK_IRQ -> VerifierState.sameOwner(old.lockOwner(), current.lockOwner());
        };
    }

    private boolean framesSafe(FuncState old, FuncState current, int liveRegs, Exactness exactness) {
        if (old.callbackDepth() > current.callbackDepth()) {
            return false;
        }
        for (int i = 0; i < FuncState.REGISTERS; i++) {
            if ((liveRegs >>> i & 1) != 0 && !regSafe(old.reg(i), current.reg(i), exactness)) {
                return false;
            }
        }
        for (int spi = 0; spi < old.slots(); spi++) {
            StackSlot slot = spi < current.slots() ? current.slot(spi) : null;
            if (!slotSafe(old.slot(spi), slot, exactness)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether all that two registers hold is the same, ids apart. */
    private static boolean sameContent(RegState a, RegState b) {
        return samePointee(a, b) && a.value().equals(b.value());
    }

    /** Returns whether two registers point to the same thing, whatever the offset and the ids. */
    private static boolean samePointee(RegState a, RegState b) {
        return a.type() == b.type() && a.flags() == b.flags() && a.delta() == b.delta() && samePayload(a, b);
    }

    private static boolean samePayload(RegState a, RegState b) {
        return Objects.equals(a.payload(), b.payload());
    }

    /** As {@link #samePointee}, where the ids of inner maps have to agree as other ids do. */
    private boolean agreesOnPointee(RegState old, RegState current) {
        if (!innerMapsHaveIds
                || !(old.payload() instanceof RegPayload.MapRef was)
                || !(current.payload() instanceof RegPayload.MapRef is)) {
            return samePointee(old, current);
        }
        return old.type() == current.type()
                && old.flags() == current.flags()
                && old.delta() == current.delta()
                && was.map() == is.map()
                && ids.check(was.uid(), is.uid());
    }

    private boolean sameIds(RegState old, RegState current) {
        return ids.check(old.id(), current.id()) && ids.check(old.parentId(), current.parentId());
    }

    private boolean exact(RegState old, RegState current) {
        return agreesOnPointee(old, current) && old.value().equals(current.value()) && sameIds(old, current);
    }

    private boolean regSafe(RegState old, RegState current, Exactness exactness) {
        if (exactness == Exactness.EXACT) {
            return exact(old, current) && (!framesMatterExactly || old.frameno() == current.frameno());
        }
        if (old.type() == RegType.NOT_INIT) {
            return true;
        }
        if (old.type() != current.type() || old.flags() != current.flags()) {
            return false;
        }
        return switch (ruleOf(old.type())) {
            case NUMBER -> scalarSafe(old, current, exactness);
            case SAME -> exact(old, current);
            case SAME_FRAME -> exact(old, current) && old.frameno() == current.frameno();
            case WITHIN -> samePointee(old, current) && old.value().containsAll(current.value());
            case WITHIN_SAME_OBJECT ->
                agreesOnPointee(old, current) && old.value().containsAll(current.value()) && sameIds(old, current);
            case PACKET -> packetSafe(old, current);
            case ANY -> true;
        };
    }

    /** The condition on a register for it to stand for one of the same type in an old state. */
    private enum Rule {
        /** It is a number within the old one, if that mattered. */
        NUMBER,
        /** It is the same, ids apart. */
        SAME,
        /** As {@link #SAME}, and it points into the stack of the same frame. */
        SAME_FRAME,
        /** It points to the same kind of thing, at an offset within those of the old one. */
        WITHIN,
        /** As {@link #WITHIN}, and ids agree: to one object or another as the old one did. */
        WITHIN_SAME_OBJECT,
        /** At least as much of the packet is known to be there. */
        PACKET,
        /** Nothing. */
        ANY
    }

    private static Rule ruleOf(RegType type) {
        return switch (type) {
            case SCALAR_VALUE -> Rule.NUMBER;
            case PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_BUF, PTR_TO_TP_BUFFER -> Rule.WITHIN_SAME_OBJECT;
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> Rule.PACKET;
            case PTR_TO_INSN -> Rule.WITHIN;
            case PTR_TO_ARENA -> Rule.ANY;
            case PTR_TO_STACK -> Rule.SAME_FRAME;
            case NOT_INIT,
                    PTR_TO_CTX,
                    CONST_PTR_TO_MAP,
                    PTR_TO_PACKET_END,
                    PTR_TO_FLOW_KEYS,
                    PTR_TO_SOCKET,
                    PTR_TO_SOCK_COMMON,
                    PTR_TO_TCP_SOCK,
                    PTR_TO_XDP_SOCK,
                    PTR_TO_BTF_ID,
                    PTR_TO_FUNC,
                    CONST_PTR_TO_DYNPTR -> Rule.SAME;
        };
    }

    private boolean scalarSafe(RegState old, RegState current, Exactness exactness) {
        if (!old.precise() && exactness == Exactness.NOT_EXACT) {
            return true;
        }
        int oldLink = old.id() & RegState.ADD_CONST;
        if (old.id() != 0 && oldLink != (current.id() & RegState.ADD_CONST)) {
            return false;
        }
        if (oldLink != 0 && old.delta() != current.delta()) {
            return false;
        }
        return ids.checkScalar(old.id(), current.id()) && old.value().containsAll(current.value());
    }

    /** All that was known to be in the packet must be so now, and pointers with the same id must be as far apart. */
    private boolean packetSafe(RegState old, RegState current) {
        if (old.range() < 0 || current.range() < 0) {
            if (old.range() != current.range()) {
                return false;
            }
        } else if (old.range() > current.range()) {
            return false;
        }
        if (!ids.check(old.id(), current.id())) {
            return false;
        }
        boolean shifted = old.id() != 0
                && old.value().r64().base() != current.value().r64().base();
        return !shifted && old.value().containsAll(current.value());
    }

    /**
     * Returns whether the slot may stand for the old one.
     *
     * <p>A slot holds a spilled number in its last bytes, or one thing that its last byte names; the other bytes are
     * compared one by one. Bytes that the old path did not read, or read as an unknown number, may be anything now.
     *
     * @param current null if the current stack does not reach so far
     */
    private boolean slotSafe(StackSlot old, @Nullable StackSlot current, Exactness exactness) {
        if (exactness == Exactness.EXACT && (current == null || !sameTypes(old, current))) {
            return false;
        }
        if (exactness != Exactness.EXACT && isAllVague(old)) {
            return true;
        }
        int number = numberStart(old);
        for (int i = 0; i < number; i++) {
            boolean covered = isVague(old.type(i)) || (current != null && current.type(i) == old.type(i));
            if (!covered) {
                return false;
            }
        }
        if (number == StackSlot.BYTES) {
            return current == null || isVague(old.last()) || contentSafe(old, current, exactness);
        }
        RegState value = current == null ? null : numberFrom(current, number);
        return value != null && regSafe(old.spilled(), value, exactness);
    }

    /**
     * The first byte of the number that is spilled whole or in the slot's last half; {@link StackSlot#BYTES} if there
     * is none.
     */
    private static int numberStart(StackSlot slot) {
        if (slot.spilled().isScalar()) {
            for (int start = 0; start < StackSlot.BYTES; start += StackSlot.BYTES / 2) {
                if (slot.type(start) == SlotType.SPILL) {
                    return start;
                }
            }
        }
        return StackSlot.BYTES;
    }

    /** The number that a load of all bytes from {@code start} on gives, or null if it is none. */
    private static @Nullable RegState numberFrom(StackSlot slot, int start) {
        if (slot.type(start) == SlotType.SPILL && slot.spilled().isScalar()) {
            return slot.spilled();
        }
        for (int i = start; i < StackSlot.BYTES; i++) {
            if (!isVague(slot.type(i))) {
                return null;
            }
        }
        return RegState.UNKNOWN;
    }

    /** Returns whether a byte was not read, or was read as an unknown number. */
    private static boolean isVague(SlotType type) {
        return type == SlotType.MISC || isUnset(type);
    }

    /** Returns whether no byte was read but as an unknown number, as is seen at a glance for most slots. */
    private static boolean isAllVague(StackSlot slot) {
        long types = slot.types();
        return types == EMPTY.types() || types == ALL_MISC || types == ALL_POISON;
    }

    private static long typesOf(SlotType type) {
        return StackSlot.of(RegState.NOT_INIT, type).types();
    }

    private static boolean isUnset(SlotType type) {
        return type == SlotType.INVALID || type == SlotType.POISON;
    }

    private static boolean sameTypes(StackSlot a, StackSlot b) {
        for (int i = 0; i < StackSlot.BYTES; i++) {
            if (a.type(i) != b.type(i) && !(isUnset(a.type(i)) && isUnset(b.type(i)))) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the one thing in the slot may stand for the one in the old slot, of the same kind. */
    private boolean contentSafe(StackSlot old, StackSlot current, Exactness exactness) {
        RegState a = old.spilled();
        RegState b = current.spilled();
        return switch (old.last()) {
            case SPILL -> regSafe(a, b, exactness);
            case DYNPTR -> samePayload(a, b) && sameIds(a, b);
            case ITER -> a.type() == b.type() && a.flags() == b.flags() && sameIter(a, b) && ids.check(a.id(), b.id());
            case IRQ_FLAG -> ids.check(a.id(), b.id()) && samePayload(a, b);
            case MISC, ZERO, INVALID, POISON -> true;
        };
    }

    /** The depth is not compared: it only tells a loop of an iterator from one that goes on for ever. */
    private static boolean sameIter(RegState a, RegState b) {
        return a.payload() instanceof RegPayload.Iter first
                && b.payload() instanceof RegPayload.Iter second
                && first.btf() == second.btf()
                && first.typeId() == second.typeId()
                && first.drained() == second.drained();
    }

    /**
     * Returns whether an active iterator has gone on between the states, so that their being equal is no endless loop.
     */
    static boolean iterDepthsDiffer(VerifierState old, VerifierState current) {
        for (int i = 0; i <= old.curframe(); i++) {
            FuncState frame = old.frame(i);
            for (int spi = 0; spi < frame.slots(); spi++) {
                boolean isActive = frame.slot(spi).type(0) == SlotType.ITER
                        && frame.slot(spi).spilled().payload() instanceof RegPayload.Iter iter
                        && !iter.drained();
                if (isActive && depth(frame, spi) != depth(current.frame(i), spi)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int depth(FuncState frame, int spi) {
        StackSlot slot = spi < frame.slots() ? frame.slot(spi) : EMPTY;
        return slot.spilled().payload() instanceof RegPayload.Iter iter ? iter.depth() : 0;
    }
}
