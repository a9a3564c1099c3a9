package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.stress.StressOptions;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads times such as {@code 5s}, {@code 250ms}, {@code 1.5m}; {@code forever} where it makes sense. */
final class DurationConverter implements ITypeConverter<Duration> {
    /** The value of {@code forever}. */
    static final Duration FOREVER = StressOptions.FOREVER;

    private static final Pattern TIME = Pattern.compile("(\\d{1,12}(?:\\.\\d{1,9})?)(ns|us|ms|s|m|h)");
    private static final Map<String, Double> NANOS =
            Map.of("ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9, "m", 60e9, "h", 3600e9);

    @Override
    public Duration convert(String text) {
        if (text.equals("forever")) {
            return FOREVER;
        }
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is no time; write a number and a unit: 250ms, 5s, 1.5m, 2h");
        }
        double nanos = Double.parseDouble(matcher.group(1)) * NANOS.getOrDefault(matcher.group(2), 0.0);
        if (nanos >= Long.MAX_VALUE) {
            throw new TypeConversionException("'" + text + "' is too long; for no end write forever");
        }
        return Duration.ofNanos((long) nanos);
    }
}
