package dev.spinbpf.maps.cpu;

import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A choice among a machine's CPUs: all of them, or some of the first {@link #MOST_NAMED}.
 *
 * @param mask a bit for each CPU, the lowest for CPU 0; all bits for all CPUs of any machine
 */
public record CpuSet(long mask) {
    /** The number of CPUs that can be named one by one. */
    public static final int MOST_NAMED = Long.SIZE;

    /** All CPUs. */
    public static final CpuSet ALL = new CpuSet(-1);

    /**
     * The CPUs with these numbers.
     *
     * @throws IllegalArgumentException where a number is not 0 to {@link #MOST_NAMED} - 1
     */
    public static CpuSet of(Collection<Integer> numbers) {
        long mask = 0;
        for (int number : numbers) {
            if (number < 0 || number >= MOST_NAMED) {
                throw new IllegalArgumentException("CPU " + number + " is not 0 to " + (MOST_NAMED - 1));
            }
            mask |= 1L << number;
        }
        return new CpuSet(mask);
    }

    /** Returns true where these are all CPUs, however many there are. */
    public boolean isAll() {
        return mask == -1;
    }

    public boolean contains(int cpu) {
        return isAll() || (cpu < MOST_NAMED && (mask >>> cpu & 1) != 0);
    }

    /** Returns the numbers of those that a machine with {@code count} CPUs has, in order. */
    public List<Integer> numbers(int count) {
        return IntStream.range(0, count).filter(this::contains).boxed().toList();
    }
}
