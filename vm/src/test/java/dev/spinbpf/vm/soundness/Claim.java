package dev.spinbpf.vm.soundness;

import dev.spinbpf.verifier.domain.ScalarValue;
import java.util.List;

/** Something that a recorded state says of each run that it stands for. */
sealed interface Claim {
    boolean holds(ConcreteState at);

    /** A number is among these. */
    record Scalar(ValuePlace place, ScalarValue value) implements Claim {
        @Override
        public boolean holds(ConcreteState at) {
            return value.contains(place.read(at));
        }

        @Override
        public String toString() {
            return place + " in " + value.varOff() + " u64 " + Long.toUnsignedString(value.umin()) + ".."
                    + Long.toUnsignedString(value.umax()) + " s64 " + value.smin() + ".." + value.smax() + " s32 "
                    + value.s32min() + ".." + value.s32max();
        }
    }

    /** The regions that pointers lead into. */
    enum Base {
        CONTEXT,
        STACK,
        MAP_VALUE,
        PACKET,
        PACKET_END
    }

    /**
     * A pointer points there.
     *
     * @param number of the frame or the map, else 0
     */
    record Pointer(ValuePlace place, Base base, int number, ScalarValue offset, boolean mayBeNull) implements Claim {
        @Override
        public boolean holds(ConcreteState at) {
            long value = place.read(at);
            return mayBeNull && value == 0 || offset.contains(value - address(at));
        }

        private long address(ConcreteState at) {
            return switch (base) {
                case CONTEXT -> at.context();
                case STACK -> at.run().framePointer(number);
                case MAP_VALUE -> at.values()[number];
                case PACKET -> at.packet();
                case PACKET_END -> at.packetEnd();
            };
        }
    }

    /**
     * Two scalars are a constant apart.
     *
     * @param distance first minus second
     * @param only32 in their lower halves, the upper ones being zero
     */
    record Linked(ValuePlace first, ValuePlace second, long distance, boolean only32) implements Claim {
        @Override
        public boolean holds(ConcreteState at) {
            long a = first.read(at);
            long b = second.read(at) + distance;
            return only32 ? a == (b & 0xffff_ffffL) : a == b;
        }
    }

    /** Pointers that are null together or not at all. */
    record NullTogether(ValuePlace first, ValuePlace second) implements Claim {
        @Override
        public boolean holds(ConcreteState at) {
            return (first.read(at) == 0) == (second.read(at) == 0);
        }
    }

    /** A byte of the stack is zero. */
    record ZeroByte(ValuePlace place) implements Claim {
        @Override
        public boolean holds(ConcreteState at) {
            return place.read(at) == 0;
        }
    }

    /** The claims of the list that do not hold. */
    static List<Claim> broken(List<Claim> claims, ConcreteState at) {
        return claims.stream().filter(claim -> !claim.holds(at)).toList();
    }
}
