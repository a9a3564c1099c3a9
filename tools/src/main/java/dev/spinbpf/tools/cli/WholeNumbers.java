package dev.spinbpf.tools.cli;

import java.math.BigInteger;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads whole numbers, in decimal digits; says which there may be where something else is given. */
final class WholeNumbers {
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,40}");

    private WholeNumbers() {}

    static ITypeConverter<Integer> ints() {
        return text -> (int) within(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    static ITypeConverter<Long> longs() {
        return text -> within(text, Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private static long within(String text, long least, long most) {
        if (!NUMBER.matcher(text).matches()) {
            throw new TypeConversionException("'" + text + "' is no whole number");
        }
        BigInteger value = new BigInteger(text);
        if (value.compareTo(BigInteger.valueOf(least)) < 0 || value.compareTo(BigInteger.valueOf(most)) > 0) {
            throw new TypeConversionException("'" + text + "' is not within " + least + " to " + most);
        }
        return value.longValueExact();
    }
}
