package dev.spinbpf.verifier.log;

import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.domain.Tnum;

/** Numbers and ranges as the log shows them: small ones in decimal, others in hexadecimal. */
final class Numbers {
    private static final int UNSIGNED_MAX_DECIMAL = 0xffff;

    private Numbers() {}

    static String unsigned(long number) {
        return Long.compareUnsigned(number, UNSIGNED_MAX_DECIMAL) <= 0
                ? Long.toString(number)
                : "0x" + Long.toHexString(number);
    }

    static String signed(long number) {
        return isSignedDecimal(number) ? Long.toString(number) : "0x" + Long.toHexString(number);
    }

    private static boolean isSignedDecimal(long number) {
        return number == (short) number;
    }

    /** Known bits: a number, or {@code (value; mask)}. */
    static String bits(Tnum tnum) {
        if (!tnum.isConst()) {
            return tnum.toString();
        }
        long value = tnum.value();
        return Long.compareUnsigned(value, UNSIGNED_MAX_DECIMAL) <= 0 ? Long.toString(value) : signed(value);
    }

    /** One bound of a value. */
    private static final class Bound {
        final String name;
        final boolean isSigned;
        final long value;
        boolean omitted;

        Bound(String name, long value, long trivial) {
            this(name, value, value == trivial);
        }

        Bound(String name, long value, boolean omitted) {
            this.name = name;
            this.isSigned = name.charAt(0) == 's';
            this.value = value;
            this.omitted = omitted;
        }

        boolean isNegative() {
            return isSigned && value < 0;
        }

        String text() {
            return isSigned ? signed(value) : unsigned(value);
        }
    }

    /**
     * Appends the bounds that say something, the same number once: {@code smin=smin32=0,smax=umax=7}.
     *
     * @param separator what goes before the first bound
     * @return what goes before the next attribute
     */
    static String appendRanges(StringBuilder out, ScalarValue value, String separator) {
        Bound[] bounds = {
            new Bound("smin", value.smin(), Long.MIN_VALUE),
            new Bound("smax", value.smax(), Long.MAX_VALUE),
            new Bound("umin", value.umin(), 0),
            new Bound("umax", value.umax(), -1),
            new Bound("smin32", signed32(value.s32min()), value.s32min() == Integer.MIN_VALUE),
            new Bound("smax32", signed32(value.s32max()), value.s32max() == Integer.MAX_VALUE),
            new Bound("umin32", Integer.toUnsignedLong(value.u32min()), 0),
            new Bound("umax32", Integer.toUnsignedLong(value.u32max()), 0xffff_ffffL)
        };
        String before = separator;
        for (int i = 0; i < bounds.length; i++) {
            if (!bounds[i].omitted) {
                out.append(before).append(bounds[i].name).append('=');
                before = ",";
                appendEqual(out, bounds, i);
                out.append(bounds[i].text());
            }
        }
        return before;
    }

    /** The 32-bit number, which is sign-extended only where it is shown in decimal. */
    private static long signed32(int number) {
        return isSignedDecimal(number) ? number : Integer.toUnsignedLong(number);
    }

    /** Appends the names of further bounds of the same end that are the same number. */
    private static void appendEqual(StringBuilder out, Bound[] bounds, int first) {
        for (int i = first + 2; i < bounds.length; i += 2) {
            Bound bound = bounds[i];
            boolean same = bound.value == bounds[first].value && bound.isNegative() == bounds[first].isNegative();
            if (!bound.omitted && same) {
                bound.omitted = true;
                out.append(bound.name).append('=');
            }
        }
    }
}
