package dev.spinbpf.tools.workload;

import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.StressOptions;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Times and rates as workload files have them. The texts to read have been compared with the grammar. */
final class TimeText {
    private static final Map<String, Long> NANOS_BY_UNIT = new LinkedHashMap<>();
    private static final String FOREVER = "forever";

    static {
        NANOS_BY_UNIT.put("h", 3_600_000_000_000L);
        NANOS_BY_UNIT.put("m", 60_000_000_000L);
        NANOS_BY_UNIT.put("s", 1_000_000_000L);
        NANOS_BY_UNIT.put("ms", 1_000_000L);
        NANOS_BY_UNIT.put("us", 1_000L);
        NANOS_BY_UNIT.put("ns", 1L);
    }

    private TimeText() {}

    /** A time in nanoseconds, rounded up. */
    static long nanos(String text) {
        int unit = 0;
        while (unit < text.length() && !Character.isLetter(text.charAt(unit))) {
            unit++;
        }
        long perUnit = NANOS_BY_UNIT.getOrDefault(text.substring(unit), 1L);
        BigDecimal number = unit == 0 ? BigDecimal.ONE : new BigDecimal(text.substring(0, unit));
        return number.multiply(BigDecimal.valueOf(perUnit))
                .setScale(0, RoundingMode.CEILING)
                .longValueExact();
    }

    static Duration duration(String text) {
        return text.equals(FOREVER) ? StressOptions.FOREVER : Duration.ofNanos(nanos(text));
    }

    /** A rate such as {@code 1000/s}. */
    static Pacing.Rate rate(String text) {
        int slash = text.indexOf('/');
        return new Pacing.Rate(Long.parseLong(text.substring(0, slash)), nanos(text.substring(slash + 1)));
    }

    /** The text for a time, in the largest unit of which it is a whole number. */
    static String of(long nanos) {
        for (Map.Entry<String, Long> unit : NANOS_BY_UNIT.entrySet()) {
            boolean isWhole = nanos % unit.getValue() == 0 && nanos > 0;
            if (isWhole && (unit.getValue() > 1 || nanos < NANOS_BY_UNIT.getOrDefault("s", 1L))) {
                return nanos / unit.getValue() + unit.getKey();
            }
        }
        return nanos == 0
                ? "0s"
                : BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString() + "s";
    }

    static String of(Duration duration) {
        return duration.compareTo(StressOptions.FOREVER) == 0 ? FOREVER : of(duration.toNanos());
    }

    static String of(Pacing.Rate rate) {
        String time = of(rate.perNanos());
        return rate.events() + "/" + (NANOS_BY_UNIT.containsValue(rate.perNanos()) ? time.substring(1) : time);
    }
}
