package dev.spinbpf.verifier.domain;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The knowledge of a 64-bit number: its bits, the range of its 64 bits and the range of its lower 32 bits.
 *
 * <p>The number is in all three. They are kept up to date with one another by {@link #synced()}, which the operations call
 * where Linux calls it, so that both the ranges and their printed form are Linux's. The same value describes the variable part of a
 * pointer's offset.
 *
 * <p>Nearly all of a verification's time and memory goes into these values. So small constants are shared, a known number is
 * in sync as it is, and an operation that changes nothing returns its operand: equality then ends at identity.
 *
 * @param varOff known bits
 * @param r64 range of the number
 * @param r32 range of its lower half
 */
public record ScalarValue(Tnum varOff, Cnum64 r64, Cnum32 r32) {
    private static final ScalarValue UNKNOWN = new ScalarValue(Tnum.UNKNOWN, Cnum64.UNBOUNDED, Cnum32.UNBOUNDED);
    private static final int LOWEST_SHARED = -128;
    private static final ScalarValue[] SHARED = new ScalarValue[1024];

    static {
        Arrays.setAll(SHARED, i -> exactly(i + LOWEST_SHARED));
    }

    private static final long LOW32 = 0xffff_ffffL;

    /** Any number. */
    public static ScalarValue unknown() {
        return UNKNOWN;
    }

    public static ScalarValue constant(long value) {
        long index = value - LOWEST_SHARED;
        return index >= 0 && index < SHARED.length ? SHARED[(int) index] : exactly(value);
    }

    private static ScalarValue exactly(long value) {
        return new ScalarValue(Tnum.constant(value), Cnum64.constant(value), Cnum32.constant((int) value));
    }

    /** Any number that fits into so many bytes, as a load of that size gives. */
    public static ScalarValue unsignedBounded(int widthBytes) {
        return widthBytes == 8 ? UNKNOWN : UNKNOWN.truncate(widthBytes);
    }

    /** Any number from {@code min} to {@code max}, as the return value of a function with such a contract. */
    public static ScalarValue signedRange(long min, long max) {
        return UNKNOWN.withR64(Cnum64.ofSigned(min, max)).synced();
    }

    public long umin() {
        return r64.umin();
    }

    public long umax() {
        return r64.umax();
    }

    public long smin() {
        return r64.smin();
    }

    public long smax() {
        return r64.smax();
    }

    public int u32min() {
        return r32.umin();
    }

    public int u32max() {
        return r32.umax();
    }

    public int s32min() {
        return r32.smin();
    }

    public int s32max() {
        return r32.smax();
    }

    /** True if all bits are known. */
    public boolean isConst() {
        return varOff.isConst();
    }

    /** True if the lower half is known. */
    boolean isConst32() {
        return varOff.isSubregConst();
    }

    /** True if the number, or its lower half, is known. */
    public boolean isConst(boolean is64) {
        return is64 ? isConst() : isConst32();
    }

    /** True if the number is known to be this one. */
    public boolean isConst(long value) {
        return isConst() && varOff.value() == value;
    }

    /** The known bits: the number itself where {@link #isConst()}. */
    public long value() {
        return varOff.value();
    }

    /** The known number, or its known lower half with zeros above. */
    public long value(boolean is64) {
        return is64 ? varOff.value() : varOff.value() & LOW32;
    }

    /** True if nothing is known. */
    public boolean isUnknown() {
        return equals(UNKNOWN);
    }

    public boolean contains(long concrete) {
        return varOff.contains(concrete) && r64.contains(concrete) && r32.contains((int) concrete);
    }

    /** True if a range is empty: the path that this value was found on cannot be taken. */
    public boolean isEmpty() {
        return r64.isEmpty() || r32.isEmpty();
    }

    /**
     * True if the knowledge of the number contradicts itself: a range is empty or is not what the known bits say. Cannot happen on a path that
     * is taken.
     */
    boolean isViolated() {
        if (isEmpty()) {
            return true;
        }
        if (isConst() && !(r64.isConst() && r64.base() == varOff.value())) {
            return true;
        }
        return isConst32() && !(r32.isConst() && r32.base() == (int) varOff.value());
    }

    /** This value, or one without ranges if it contradicts itself, as Linux does to stay on the safe side. */
    public ScalarValue sane() {
        return isViolated() ? unbounded() : this;
    }

    /** The same known bits without any range. */
    ScalarValue unbounded() {
        return withR64(Cnum64.UNBOUNDED).withR32(Cnum32.UNBOUNDED);
    }

    /** True if all numbers of {@code other} are numbers of this one, by each of the three. */
    public boolean containsAll(ScalarValue other) {
        return rangesContain(other) && varOff.containsAll(other.varOff);
    }

    /** True if both ranges contain those of {@code other}. */
    boolean rangesContain(ScalarValue other) {
        return r64.containsAll(other.r64) && r32.containsAll(other.r32);
    }

    /** The knowledge of a number of which both hold. */
    ScalarValue intersect(ScalarValue other) {
        return new ScalarValue(varOff.intersect(other.varOff), r64.intersect(other.r64), r32.intersect(other.r32))
                .synced();
    }

    /** The number with its upper half cleared, from its lower half alone; not synced. */
    public ScalarValue zext32() {
        long min = Integer.toUnsignedLong(u32min());
        long max = Integer.toUnsignedLong(u32max());
        return new ScalarValue(varOff.subreg(), Cnum64.ofUnsigned(min, max), r32);
    }

    /** The lower {@code sizeBytes} bytes (less than 8) of the number, the others zero. */
    public ScalarValue truncate(int sizeBytes) {
        long kept = (1L << (sizeBytes * 8)) - 1;
        boolean sameUpperBits = ((umin() ^ umax()) & ~kept) == 0;
        Cnum64 range = sameUpperBits ? Cnum64.ofUnsigned(umin() & kept, umax() & kept) : Cnum64.ofUnsigned(0, kept);
        return new ScalarValue(varOff.cast(sizeBytes), range, sizeBytes < 4 ? Cnum32.UNBOUNDED : r32).synced();
    }

    /** The lower {@code sizeBytes} bytes (1, 2 or 4) of the number, sign-extended to 64 bits. */
    public ScalarValue signExtend(int sizeBytes) {
        int unused = 64 - sizeBytes * 8;
        if (isConst()) {
            return constant(value() << unused >> unused);
        }
        long first = smin() << unused >> unused;
        long last = smax() << unused >> unused;
        boolean sameUpperBits = smin() >> (64 - unused) == smax() >> (64 - unused);
        if (sameUpperBits && first < 0 == last < 0) {
            long min = Math.min(first, last);
            long max = Math.max(first, last);
            return new ScalarValue(
                    Tnum.range(min, max), Cnum64.ofSigned(min, max), Cnum32.ofSigned((int) min, (int) max));
        }
        long lowest = Long.MIN_VALUE >> unused;
        long highest = Long.MAX_VALUE >> unused;
        return new ScalarValue(
                Tnum.UNKNOWN, Cnum64.ofSigned(lowest, highest), Cnum32.ofSigned((int) lowest, (int) highest));
    }

    /** The lower {@code sizeBytes} bytes (1 or 2) of the number, sign-extended to 32 bits, the upper half cleared. */
    ScalarValue signExtend32(int sizeBytes) {
        int unused = 32 - sizeBytes * 8;
        ScalarValue extended;
        if (isConst()) {
            int value = (int) value() << unused >> unused;
            extended = new ScalarValue(Tnum.constant(value), r64, Cnum32.constant(value));
        } else {
            int first = s32min() << unused >> unused;
            int last = s32max() << unused >> unused;
            boolean sameUpperBits = s32min() >> (32 - unused) == s32max() >> (32 - unused);
            if (sameUpperBits && first < 0 == last < 0) {
                int min = Math.min(first, last);
                int max = Math.max(first, last);
                extended = new ScalarValue(Tnum.range(min, max).subreg(), r64, Cnum32.ofSigned(min, max));
            } else {
                Cnum32 all = Cnum32.ofSigned(Integer.MIN_VALUE >> unused, Integer.MAX_VALUE >> unused);
                extended = new ScalarValue(Tnum.UNKNOWN.subreg(), r64, all);
            }
        }
        return extended.zext32().synced();
    }

    /** Tightens each of the three by what the other two say. */
    public ScalarValue synced() {
        if (isEmpty() || isInSync()) {
            return this;
        }
        return boundedByBits()
                .boundedByRanges()
                .boundedByRanges()
                .bitsFromRanges()
                .boundedByBits();
    }

    /** True if all three say that it is the same one number, or nothing. */
    private boolean isInSync() {
        return isUnknown()
                || varOff.isConst()
                        && r64.isConst()
                        && r32.isConst()
                        && r64.base() == varOff.value()
                        && r32.base() == (int) varOff.value();
    }

    /** Tightens the ranges by the known bits; where just one number is in both, that is the value. */
    ScalarValue boundedByBits() {
        ScalarValue bounded = boundedByBits32().withR64(r64.intersect(Cnum64.of(varOff)));
        long umin = bounded.umin();
        long umax = bounded.umax();
        long next = varOff.step(umin);
        if (varOff.contains(umin)) {
            return Long.compareUnsigned(next, umax) > 0 ? constant(umin) : bounded;
        }
        if (next == varOff.max()) {
            return constant(next);
        }
        boolean onlyOne = Long.compareUnsigned(next, umax) <= 0 && Long.compareUnsigned(varOff.step(next), umax) > 0;
        return onlyOne ? constant(next) : bounded;
    }

    /** Tightens the range of the lower half by the known bits. */
    ScalarValue boundedByBits32() {
        return withR32(r32.intersect(Cnum32.of(varOff)));
    }

    private ScalarValue boundedByRanges() {
        Cnum32 lower = r32.intersect(Cnum32.ofLowerHalves(r64));
        Cnum64 range = r64.intersectLowerHalves(lower);
        return lower.equals(r32) && range.equals(r64) ? this : new ScalarValue(varOff, range, lower);
    }

    private ScalarValue bitsFromRanges() {
        Tnum bits = varOff.intersect(Tnum.range(umin(), umax()));
        Tnum lower = Tnum.range(Integer.toUnsignedLong(u32min()), Integer.toUnsignedLong(u32max()));
        return withVarOff(bits.clearSubreg().or(bits.subreg().intersect(lower)));
    }

    /** The same with the lower half known; the upper half's bits stay. Not synced. */
    ScalarValue withLowerHalf(int value) {
        Tnum bits = varOff.withSubreg(Tnum.constant(Integer.toUnsignedLong(value)));
        return new ScalarValue(bits, r64, Cnum32.constant(value));
    }

    ScalarValue withVarOff(Tnum bits) {
        return bits.equals(varOff) ? this : new ScalarValue(bits, r64, r32);
    }

    public ScalarValue withR64(Cnum64 range) {
        return range.equals(r64) ? this : new ScalarValue(varOff, range, r32);
    }

    public ScalarValue withR32(Cnum32 range) {
        return range.equals(r32) ? this : new ScalarValue(varOff, r64, range);
    }

    /** Compares by content; written out because the derived equality of records is slow where so much is compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof ScalarValue that
                        && varOff.equals(that.varOff)
                        && r64.equals(that.r64)
                        && r32.equals(that.r32);
    }

    @Override
    public int hashCode() {
        return (varOff.hashCode() * 31 + r64.hashCode()) * 31 + r32.hashCode();
    }
}
