package dev.spinbpf.verifier.prune;

import java.util.Arrays;

/**
 * The stack that a register's value may point into: a value of the analysis that finds stack accesses through pointers.
 * Immutable.
 *
 * <p>From nothing to everything:
 *
 * <pre>
 *   Unreached   no path came here
 *   Elsewhere   into no stack: a number, or a pointer to something else
 *   Places      at one of up to four offsets of one frame
 *   Anywhere    anywhere in one frame
 *   SomeFrame   anywhere in one of several frames
 * </pre>
 *
 * <p>Where paths meet, the {@linkplain #join joined} value covers all that either may be. It does not matter which
 * comes first, nor how often the same one comes, and what is joined never gets more exact. Elsewhere is the exception
 * that Linux makes: it leaves no trace in a value that has several offsets already, since what is written through it is
 * not surely overwritten anyway. With a single place it joins as the frame's top, offset 0, where nothing is accessed:
 * so that the place is not the only one any more. Among values that point into stacks the order of joins does not
 * matter either.
 */
sealed interface StackTarget {
    /** Most offsets that are told apart. */
    int MAX_OFFSETS = 4;

    /** No path came here. */
    record Unreached() implements StackTarget {
        static final StackTarget INSTANCE = new Unreached();

        @Override
        public int frames() {
            return 0;
        }
    }

    /** Points into no stack. */
    record Elsewhere() implements StackTarget {
        static final StackTarget INSTANCE = new Elsewhere();

        @Override
        public int frames() {
            return 0;
        }
    }

    /** Points to one of some offsets, in bytes from the top of a frame. */
    final class Places implements StackTarget {
        private final int frame;
        private final short[] offsets;

        /** @param offsets one to four, ascending */
        private Places(int frame, short... offsets) {
            this.frame = frame;
            this.offsets = offsets;
        }

        int frame() {
            return frame;
        }

        /** Number of offsets, from 1. */
        int count() {
            return offsets.length;
        }

        int offset(int index) {
            return offsets[index];
        }

        @Override
        public int frames() {
            return 1 << frame;
        }

        private StackTarget and(short... others) {
            short[] all = Arrays.copyOf(offsets, offsets.length + others.length);
            int count = offsets.length;
            for (short other : others) {
                if (Arrays.binarySearch(offsets, other) < 0) {
                    all[count++] = other;
                }
            }
            if (count > MAX_OFFSETS) {
                return new Anywhere(frame);
            }
            Arrays.sort(all, 0, count);
            return new Places(frame, Arrays.copyOf(all, count));
        }

        private StackTarget orElsewhere() {
            return offsets.length == 1 ? and((short) 0) : this;
        }

        private StackTarget moved(long distance) {
            short[] moved = new short[offsets.length];
            for (int i = 0; i < moved.length; i++) {
                long sum = offsets[i] + distance;
                if (distance != (short) distance || sum != (short) sum) {
                    return new Anywhere(frame);
                }
                moved[i] = (short) sum;
            }
            return new Places(frame, moved);
        }

        @Override
        public boolean equals(Object other) {
            return this == other
                    || other instanceof Places places
                            && frame == places.frame
                            && Arrays.equals(offsets, places.offsets);
        }

        @Override
        public int hashCode() {
            return 31 * frame + Arrays.hashCode(offsets);
        }

        @Override
        public String toString() {
            return "fp" + frame + Arrays.toString(offsets);
        }
    }

    /** Points anywhere into one frame. */
    record Anywhere(int frame) implements StackTarget {
        @Override
        public int frames() {
            return 1 << frame;
        }
    }

    /**
     * Points into one of some frames, or nowhere.
     *
     * @param frames a bit for each
     */
    record SomeFrame(int frames) implements StackTarget {}

    /** Returns a known place: an offset in bytes from a frame's top. */
    static StackTarget at(int frame, int offset) {
        return new Places(frame, (short) offset);
    }

    /** The frames into whose stack it may point, a bit each. */
    int frames();

    /** Returns whether it may point into the stack of some frame. */
    default boolean isStack() {
        return frames() != 0;
    }

    /** Returns whether it may point into the stack of the frame. */
    default boolean mayBeIn(int frame) {
        return (frames() >>> frame & 1) != 0;
    }

    /** Returns what covers both values, where two paths meet. */
    default StackTarget join(StackTarget other) {
        if (other instanceof Unreached) {
            return this;
        }
        if (this instanceof Unreached) {
            return other;
        }
        if (isSame(other)) {
            return this;
        }
        if (!isWithinOneFrame(other)) {
            return new SomeFrame(frames() | other.frames());
        }
        return switch (this) {
            case Places mine when other instanceof Places its -> mine.and(its.offsets);
            case Places mine when other instanceof Elsewhere -> mine.orElsewhere();
            case Elsewhere mine when other instanceof Places its -> its.orElsewhere();
            default -> blurred(other);
        };
    }

    /** As {@code equals}, but at once for the values that most registers have. */
    default boolean isSame(StackTarget other) {
        if (this instanceof Elsewhere) {
            return other instanceof Elsewhere;
        }
        return this instanceof Unreached ? other instanceof Unreached : equals(other);
    }

    /** Returns whether the two values lead to one known frame at most. */
    private boolean isWithinOneFrame(StackTarget other) {
        return !(this instanceof SomeFrame)
                && !(other instanceof SomeFrame)
                && Integer.bitCount(frames() | other.frames()) <= 1;
    }

    private StackTarget blurred(StackTarget other) {
        return new Anywhere(Integer.numberOfTrailingZeros(frames() | other.frames()));
    }

    /** Returns the value moved by a number of bytes. */
    default StackTarget plus(long distance) {
        return this instanceof Places places ? places.moved(distance) : this;
    }

    /** Returns the value after other arithmetic: the frame remains. */
    default StackTarget blurred() {
        return this instanceof Places places ? new Anywhere(places.frame) : this;
    }

    /** Returns the value after arithmetic with another register. */
    default StackTarget combined(StackTarget other) {
        if (!isStack() && !other.isStack()) {
            return this;
        }
        return isWithinOneFrame(other) ? blurred(other) : new SomeFrame(frames() | other.frames());
    }
}
