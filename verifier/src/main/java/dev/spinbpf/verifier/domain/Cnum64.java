package dev.spinbpf.verifier.domain;

import org.jspecify.annotations.Nullable;

/**
 * A range of 64-bit values as an arc on the circle of all of them.
 *
 * <p>The arc starts at {@code base} and goes up by {@code size} steps, over the top to zero if need be, so one arc
 * stands for an unsigned range, a signed one, or the part that both have in common. The arc that starts at the highest value
 * and is as long as the circle stands for no value at all, see {@link #EMPTY}.
 *
 * <p>The 32-bit and the 64-bit range are twins, line by line: Java has no numbers of either width, and boxes would cost more.
 *
 * @param base first value of the arc
 * @param size number of values besides the first, unsigned
 */
public record Cnum64(long base, long size) {
    /** All values. */
    public static final Cnum64 UNBOUNDED = new Cnum64(0, -1);

    /** No value. */
    public static final Cnum64 EMPTY = new Cnum64(-1, -1);

    public static Cnum64 constant(long value) {
        return new Cnum64(value, 0);
    }

    /** The values from {@code min} to {@code max}, both unsigned. */
    public static Cnum64 ofUnsigned(long min, long max) {
        return new Cnum64(min, max - min);
    }

    /** The values from {@code min} to {@code max}, both signed. */
    public static Cnum64 ofSigned(long min, long max) {
        long size = max - min;
        return new Cnum64(size == -1 ? 0 : min, size);
    }

    /** The smallest signed or unsigned range that contains the members of the tnum. */
    public static Cnum64 of(Tnum tnum) {
        long value = tnum.value();
        long mask = tnum.mask();
        if ((value | mask) < 0) {
            return ofSigned(value | (mask & Long.MIN_VALUE), value | (mask & Long.MAX_VALUE));
        }
        return ofUnsigned(value, value | mask);
    }

    public boolean isEmpty() {
        return base == -1 && size == -1;
    }

    public boolean isConst() {
        return size == 0;
    }

    /** Smallest member, unsigned; 0 if the arc runs over the top. */
    public long umin() {
        return wrapsUnsigned() ? 0 : base;
    }

    /** Largest member, unsigned; the highest value if the arc runs over the top. */
    public long umax() {
        return wrapsUnsigned() ? -1 : base + size;
    }

    /** Smallest member, signed; the lowest value if the arc runs from the highest signed value to the lowest. */
    public long smin() {
        return wrapsSigned() ? Long.MIN_VALUE : Math.min(base, base + size);
    }

    /** Largest member, signed; the highest value if the arc runs from the highest signed value to the lowest. */
    public long smax() {
        return wrapsSigned() ? Long.MAX_VALUE : Math.max(base, base + size);
    }

    public boolean contains(long value) {
        return !isEmpty() && Long.compareUnsigned(value - base, size) <= 0;
    }

    /** True if every value of {@code other} lies on this arc. */
    public boolean containsAll(Cnum64 other) {
        if (other.isEmpty()) {
            return true;
        }
        if (isEmpty()) {
            return false;
        }
        Cnum64 rotated = new Cnum64(other.base - base, other.size);
        if (rotated.wrapsUnsigned() && size != -1) {
            return false;
        }
        return Long.compareUnsigned(rotated.base + rotated.size, size) <= 0;
    }

    /**
     * The values on both arcs. Two arcs may meet in two places; then the answer is the shorter of the two, which contains
     * both places.
     */
    Cnum64 intersect(Cnum64 other) {
        if (isEmpty() || other.isEmpty()) {
            return EMPTY;
        }
        return Long.compareUnsigned(base, other.base) <= 0 ? intersectLater(other) : other.intersectLater(this);
    }

    /** Intersects with an arc that starts at or after this one's base. */
    private Cnum64 intersectLater(Cnum64 other) {
        long distance = other.base - base;
        boolean startsWithin = Long.compareUnsigned(distance, size) <= 0;
        boolean comesBack = Long.compareUnsigned(other.size, -1 - distance) > 0;
        if (startsWithin && comesBack) {
            return Long.compareUnsigned(size, other.size) <= 0 ? this : other;
        }
        if (startsWithin) {
            boolean endsWithin = Long.compareUnsigned(other.size, size - distance) <= 0;
            return endsWithin ? other : withEnds(other.base, size - distance);
        }
        return comesBack ? withEnds(base, unsignedMin(size, distance + other.size)) : EMPTY;
    }

    private Cnum64 withEnds(long newBase, long newSize) {
        return newBase == base && newSize == size ? this : new Cnum64(newBase, newSize);
    }

    Cnum64 intersectUnsigned(long min, long max) {
        return intersect(ofUnsigned(min, max));
    }

    Cnum64 intersectSigned(long min, long max) {
        return intersect(ofSigned(min, max));
    }

    public Cnum64 add(Cnum64 other) {
        if (isEmpty() || other.isEmpty()) {
            return EMPTY;
        }
        if (Long.compareUnsigned(size, -1 - other.size) > 0) {
            return UNBOUNDED;
        }
        return new Cnum64(base + other.base, size + other.size).normalised();
    }

    public Cnum64 negate() {
        return isEmpty() ? EMPTY : new Cnum64(-(base + size), size).normalised();
    }

    public Cnum64 sub(Cnum64 other) {
        return add(other.negate());
    }

    /** A full circle starts at 0 or at the highest signed value: it must not be taken for {@link #EMPTY}. */
    private Cnum64 normalised() {
        return size == -1 && base != 0 && base != Long.MAX_VALUE ? UNBOUNDED : this;
    }

    private boolean wrapsUnsigned() {
        return Long.compareUnsigned(size, -1 - base) > 0;
    }

    private boolean wrapsSigned() {
        return contains(Long.MAX_VALUE) && contains(Long.MIN_VALUE);
    }

    private static long unsignedMin(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }

    /**
     * The shortest arc that contains all values of this one whose lower half lies on {@code lower}: the first and the last
     * value of the arc move inwards to the next ones whose lower halves fit.
     */
    Cnum64 intersectLowerHalves(Cnum32 lower) {
        if (isEmpty() || lower.isEmpty()) {
            return EMPTY;
        }
        long up = lower.distanceUp((int) base);
        long down = lower.distanceDown((int) (base + size));
        return Long.compareUnsigned(up + down, size) > 0 ? EMPTY : withEnds(base + up, size - up - down);
    }

    /** Compares by content; written out because the derived equality of records is slow where so much is compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof Cnum64 that && base == that.base && size == that.size;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(base) * 31 + Long.hashCode(size);
    }
}
