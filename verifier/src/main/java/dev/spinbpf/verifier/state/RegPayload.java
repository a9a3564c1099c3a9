package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.btf.Btf;

/** Knowledge of a register beyond its type and value; the register's type decides its shape. */
public sealed interface RegPayload {
    /** Nothing more. */
    RegPayload NONE = new None();

    /** The shape of {@link #NONE}. */
    record None() implements RegPayload {}

    /**
     * Of PTR_TO_PACKET and PTR_TO_PACKET_META.
     *
     * @param range bytes from the pointer's base known to be in the packet; {@link #AT_PKT_END}, {@link #BEYOND_PKT_END}
     */
    record PacketRange(int range) implements RegPayload {
        public static final int AT_PKT_END = -1;
        public static final int BEYOND_PKT_END = -2;

        /** Of a pointer whose unknown part may be negative, where that alone keeps it from being used. */
        public static final int MAYBE_NEGATIVE = -3;
    }

    /**
     * Of CONST_PTR_TO_MAP, PTR_TO_MAP_VALUE and PTR_TO_MAP_KEY.
     *
     * @param uid tells lookups of inner maps apart, else 0
     */
    record MapRef(MapInfo map, int uid) implements RegPayload {}

    /** Of PTR_TO_BTF_ID. */
    record BtfRef(Btf btf, int typeId) implements RegPayload {
        @Override
        public boolean equals(Object other) {
            return other instanceof BtfRef that && btf == that.btf && typeId == that.typeId;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(btf) * 31 + typeId;
        }
    }

    /** Of PTR_TO_MEM: size in bytes, unsigned. */
    record MemSize(long sizeBytes) implements RegPayload {}

    /** Of stack slots and registers that hold a dynptr. */
    record Dynptr(DynptrType type, boolean firstSlot) implements RegPayload {}

    /** Of stack slots that hold an iterator: its struct type {@code bpf_iter_<name>}. */
    record Iter(Btf btf, int typeId, boolean drained, int depth) implements RegPayload {
        /** The iterator after this many elements on this path, with more to come. */
        public Iter atDepth(int elements) {
            return new Iter(btf, typeId, false, elements);
        }

        /** The iterator with no element left. */
        public Iter asDrained() {
            return new Iter(btf, typeId, true, depth);
        }
    }

    /** Of stack slots that hold saved interrupt flags: saved by a lock function, or by bpf_local_irq_save. */
    record IrqFlag(boolean byLock) implements RegPayload {}

    /** Of PTR_TO_FUNC. */
    record SubprogRef(int subprog) implements RegPayload {}
}
