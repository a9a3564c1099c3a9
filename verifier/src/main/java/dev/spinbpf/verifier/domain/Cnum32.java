package dev.spinbpf.verifier.domain;

import org.jspecify.annotations.Nullable;

/**
 * A range of 32-bit values as an arc on the circle of all of them.
 *
 * <p>The arc starts at {@code base} and goes up by {@code size} steps, over the top to zero if need be, so one arc
 * stands for an unsigned range, a signed one, or the part that both have in common. The arc that starts at the highest value
 * and is as long as the circle stands for no value at all, see {@link #EMPTY}.
 *
 * <p>The twin of {@link Cnum64}; see there.
 *
 * @param base first value of the arc
 * @param size number of values besides the first, unsigned
 */
public record Cnum32(int base, int size) {
    /** All values. */
    public static final Cnum32 UNBOUNDED = new Cnum32(0, -1);

    /** No value. */
    public static final Cnum32 EMPTY = new Cnum32(-1, -1);

    public static Cnum32 constant(int value) {
        return new Cnum32(value, 0);
    }

    /** The values from {@code min} to {@code max}, both unsigned. */
    public static Cnum32 ofUnsigned(int min, int max) {
        return new Cnum32(min, max - min);
    }

    /** The values from {@code min} to {@code max}, both signed. */
    public static Cnum32 ofSigned(int min, int max) {
        int size = max - min;
        return new Cnum32(size == -1 ? 0 : min, size);
    }

    /** The smallest signed or unsigned range that contains the lower halves of the tnum's members. */
    public static Cnum32 of(Tnum tnum) {
        int value = (int) tnum.value();
        int mask = (int) tnum.mask();
        if ((value | mask) < 0) {
            return ofSigned(value | (mask & Integer.MIN_VALUE), value | (mask & Integer.MAX_VALUE));
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
    public int umin() {
        return wrapsUnsigned() ? 0 : base;
    }

    /** Largest member, unsigned; the highest value if the arc runs over the top. */
    public int umax() {
        return wrapsUnsigned() ? -1 : base + size;
    }

    /** Smallest member, signed; the lowest value if the arc runs from the highest signed value to the lowest. */
    public int smin() {
        return wrapsSigned() ? Integer.MIN_VALUE : Math.min(base, base + size);
    }

    /** Largest member, signed; the highest value if the arc runs from the highest signed value to the lowest. */
    public int smax() {
        return wrapsSigned() ? Integer.MAX_VALUE : Math.max(base, base + size);
    }

    public boolean contains(int value) {
        return !isEmpty() && Integer.compareUnsigned(value - base, size) <= 0;
    }

    /** True if every value of {@code other} lies on this arc. */
    public boolean containsAll(Cnum32 other) {
        if (other.isEmpty()) {
            return true;
        }
        if (isEmpty()) {
            return false;
        }
        Cnum32 rotated = new Cnum32(other.base - base, other.size);
        if (rotated.wrapsUnsigned() && size != -1) {
            return false;
        }
        return Integer.compareUnsigned(rotated.base + rotated.size, size) <= 0;
    }

    /**
     * The values on both arcs. Two arcs may meet in two places; then the answer is the shorter of the two, which contains
     * both places.
     */
    Cnum32 intersect(Cnum32 other) {
        if (isEmpty() || other.isEmpty()) {
            return EMPTY;
        }
        return Integer.compareUnsigned(base, other.base) <= 0 ? intersectLater(other) : other.intersectLater(this);
    }

    /** Intersects with an arc that starts at or after this one's base. */
    private Cnum32 intersectLater(Cnum32 other) {
        int distance = other.base - base;
        boolean startsWithin = Integer.compareUnsigned(distance, size) <= 0;
        boolean comesBack = Integer.compareUnsigned(other.size, -1 - distance) > 0;
        if (startsWithin && comesBack) {
            return Integer.compareUnsigned(size, other.size) <= 0 ? this : other;
        }
        if (startsWithin) {
            boolean endsWithin = Integer.compareUnsigned(other.size, size - distance) <= 0;
            return endsWithin ? other : withEnds(other.base, size - distance);
        }
        return comesBack ? withEnds(base, unsignedMin(size, distance + other.size)) : EMPTY;
    }

    private Cnum32 withEnds(int newBase, int newSize) {
        return newBase == base && newSize == size ? this : new Cnum32(newBase, newSize);
    }

    Cnum32 intersectUnsigned(int min, int max) {
        return intersect(ofUnsigned(min, max));
    }

    Cnum32 intersectSigned(int min, int max) {
        return intersect(ofSigned(min, max));
    }

    public Cnum32 add(Cnum32 other) {
        if (isEmpty() || other.isEmpty()) {
            return EMPTY;
        }
        if (Integer.compareUnsigned(size, -1 - other.size) > 0) {
            return UNBOUNDED;
        }
        return new Cnum32(base + other.base, size + other.size).normalised();
    }

    public Cnum32 negate() {
        return isEmpty() ? EMPTY : new Cnum32(-(base + size), size).normalised();
    }

    public Cnum32 sub(Cnum32 other) {
        return add(other.negate());
    }

    /** A full circle starts at 0 or at the highest signed value: it must not be taken for {@link #EMPTY}. */
    private Cnum32 normalised() {
        return size == -1 && base != 0 && base != Integer.MAX_VALUE ? UNBOUNDED : this;
    }

    private boolean wrapsUnsigned() {
        return Integer.compareUnsigned(size, -1 - base) > 0;
    }

    private boolean wrapsSigned() {
        return contains(Integer.MAX_VALUE) && contains(Integer.MIN_VALUE);
    }

    private static int unsignedMin(int a, int b) {
        return Integer.compareUnsigned(a, b) <= 0 ? a : b;
    }

    /** Steps up from {@code value} to the first member, 0 if it is one itself. The arc is not empty. */
    long distanceUp(int value) {
        return contains(value) ? 0 : Integer.toUnsignedLong(base - value);
    }

    /** Steps down from {@code value} to the first member, 0 if it is one itself. The arc is not empty. */
    long distanceDown(int value) {
        return contains(value) ? 0 : Integer.toUnsignedLong(value - (base + size));
    }

    /** The lower halves of the values of a 64-bit range. */
    static Cnum32 ofLowerHalves(Cnum64 range) {
        if (range.isEmpty()) {
            return EMPTY;
        }
        boolean all = Long.compareUnsigned(range.size(), 0xffff_ffffL) >= 0;
        return all ? UNBOUNDED : new Cnum32((int) range.base(), (int) range.size());
    }

    /** Compares by content; written out because the derived equality of records is slow where so much is compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof Cnum32 that && base == that.base && size == that.size;
    }

    @Override
    public int hashCode() {
        return base * 31 + size;
    }
}
