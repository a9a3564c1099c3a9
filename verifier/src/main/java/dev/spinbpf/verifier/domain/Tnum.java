package dev.spinbpf.verifier.domain;

import org.jspecify.annotations.Nullable;

/**
 * A tristate number: what is known of each of the 64 bits of a value.
 *
 * <p>A bit is known where the mask is 0, and then it is what {@code value} says; it is unknown where the mask is 1, and
 * {@code value} is 0 there. The result of an operation is a tnum that contains the result for all members of its operands.
 *
 * @param value the known one bits
 * @param mask the unknown bits
 * @see <a href="https://arxiv.org/abs/2105.05398">Vishwanathan et al., Sound, Precise, and Fast Abstract Interpretation
 *     with Tristate Numbers</a>
 */
public record Tnum(long value, long mask) {
    /** Nothing is known. */
    public static final Tnum UNKNOWN = new Tnum(0, -1);

    public static final Tnum ZERO = new Tnum(0, 0);

    private static final long LOW32 = 0xffff_ffffL;

    public static Tnum constant(long value) {
        return new Tnum(value, 0);
    }

    /** The smallest tnum that contains all values from {@code min} to {@code max}, both unsigned. */
    public static Tnum range(long min, long max) {
        long unknown = lowBits(bitLength(min ^ max));
        return new Tnum(min & ~unknown, unknown);
    }

    /** True if all bits are known. */
    public boolean isConst() {
        return mask == 0;
    }

    public boolean isUnknown() {
        return mask == -1;
    }

    /** True if the lower 32 bits are known. */
    boolean isSubregConst() {
        return (int) mask == 0;
    }

    /** Smallest member, unsigned. */
    public long min() {
        return value;
    }

    /** Largest member, unsigned. */
    public long max() {
        return value | mask;
    }

    public boolean contains(long concrete) {
        return (concrete & ~mask) == value;
    }

    /** True if every member of {@code other} is a member of this one. */
    public boolean containsAll(Tnum other) {
        return (other.mask & ~mask) == 0 && (other.value & ~mask) == value;
    }

    /** True if there is a value that is a member of both. */
    public boolean overlaps(Tnum other) {
        return ((value ^ other.value) & ~mask & ~other.mask) == 0;
    }

    /** True if every member is a multiple of {@code size}, a power of two; 0 stands for any alignment. */
    public boolean isAligned(long size) {
        return size == 0 || (max() & (size - 1)) == 0;
    }

    Tnum shl(int shift) {
        return new Tnum(value << shift, mask << shift);
    }

    Tnum shr(int shift) {
        return new Tnum(value >>> shift, mask >>> shift);
    }

    Tnum sar(int shift) {
        return new Tnum(value >> shift, mask >> shift);
    }

    /** Arithmetic shift of the lower 32 bits; the upper half of the result is zero. */
    Tnum sar32(int shift) {
        return new Tnum(((int) value >> shift) & LOW32, ((int) mask >> shift) & LOW32);
    }

    public Tnum add(Tnum other) {
        long sum = value + other.value;
        long carries = (sum + mask + other.mask) ^ sum;
        return masked(sum, carries | mask | other.mask);
    }

    public Tnum sub(Tnum other) {
        long difference = value - other.value;
        long borrows = (difference + mask) ^ (difference - other.mask);
        return masked(difference, borrows | mask | other.mask);
    }

    public Tnum negate() {
        return ZERO.sub(this);
    }

    public Tnum and(Tnum other) {
        long ones = value & other.value;
        return new Tnum(ones, max() & other.max() & ~ones);
    }

    public Tnum or(Tnum other) {
        long ones = value | other.value;
        return new Tnum(ones, (mask | other.mask) & ~ones);
    }

    public Tnum xor(Tnum other) {
        return masked(value ^ other.value, mask | other.mask);
    }

    /** Product by long multiplication: a bit of this one that is unknown joins the sums with and without its addend. */
    Tnum mul(Tnum other) {
        Tnum sum = ZERO;
        for (int bit = 0, bits = bitLength(max()); bit < bits; bit++) {
            Tnum addend = other.shl(bit);
            if ((value >>> bit & 1) != 0) {
                sum = sum.add(addend);
            } else if ((mask >>> bit & 1) != 0) {
                sum = sum.union(sum.add(addend));
            }
        }
        return sum;
    }

    /** Common members. Where the two contradict each other, the bit is taken for a known one. */
    Tnum intersect(Tnum other) {
        return masked(value | other.value, mask & other.mask);
    }

    /** The smallest tnum that contains both. */
    public Tnum union(Tnum other) {
        return masked(value & other.value, (value ^ other.value) | mask | other.mask);
    }

    /** The lower {@code sizeBytes} bytes, the others zero. */
    public Tnum cast(int sizeBytes) {
        long kept = lowBits(sizeBytes * 8);
        return new Tnum(value & kept, mask & kept);
    }

    /** The lower 32 bits, the others zero. */
    Tnum subreg() {
        return new Tnum(value & LOW32, mask & LOW32);
    }

    /** The upper 32 bits in place, the lower ones zero. */
    Tnum clearSubreg() {
        return new Tnum(value & ~LOW32, mask & ~LOW32);
    }

    /** This one with the lower 32 bits of {@code subreg}. */
    Tnum withSubreg(Tnum subreg) {
        return clearSubreg().or(subreg.subreg());
    }

    /** The lower 16, 32 or 64 bits with their bytes in reverse order, the others zero. */
    public Tnum byteSwap(int bits) {
        int unused = 64 - bits;
        return new Tnum(Long.reverseBytes(value) >>> unused, Long.reverseBytes(mask) >>> unused);
    }

    /** The smallest member above {@code bound}, unsigned; the largest member if there is none. */
    public long step(long bound) {
        if (Long.compareUnsigned(bound, max()) >= 0) {
            return max();
        }
        if (Long.compareUnsigned(bound, value) < 0) {
            return value;
        }
        return ceiling(bound + 1);
    }

    /** The smallest member not below {@code target}, which is not above the largest member. */
    private long ceiling(long target) {
        long wrong = (target ^ value) & ~mask;
        if (wrong == 0) {
            return target;
        }
        // Members agree with the known bits. The highest bit in which the target does not decides: where the member has
        // the
        // one there, all lower bits may be as small as they get; where it has the zero, an unknown bit above has to
        // make up
        // for it, the lowest that the target leaves clear.
        int pivot = 63 - Long.numberOfLeadingZeros(wrong);
        if ((target >>> pivot & 1) != 0) {
            pivot = Long.numberOfTrailingZeros(mask & ~target & -2L << pivot);
        }
        return target & -2L << pivot | 1L << pivot | value & lowBits(pivot);
    }

    private static Tnum masked(long value, long mask) {
        return new Tnum(value & ~mask, mask);
    }

    private static int bitLength(long bits) {
        return 64 - Long.numberOfLeadingZeros(bits);
    }

    private static long lowBits(int count) {
        return count >= 64 ? -1 : (1L << count) - 1;
    }

    /** As Linux prints it: the number if it is known, else {@code (value; mask)} in hexadecimal. */
    @Override
    public String toString() {
        if (isConst()) {
            boolean small = value >= Short.MIN_VALUE && value <= 0xffff;
            return small ? Long.toString(value) : "0x" + Long.toHexString(value);
        }
        return "(0x" + Long.toHexString(value) + "; 0x" + Long.toHexString(mask) + ")";
    }

    /** Compares by content; written out because the derived equality of records is slow where so much is compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof Tnum that && value == that.value && mask == that.mask;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(value) * 31 + Long.hashCode(mask);
    }
}
