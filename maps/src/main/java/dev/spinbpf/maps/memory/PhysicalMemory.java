package dev.spinbpf.maps.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The size of the machine's memory, or of the part that the container lets this process have. */
final class PhysicalMemory {
    /** The answer where nothing is known. */
    static final long UNKNOWN = Long.MAX_VALUE;

    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path CGROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final String TOTAL = "MemTotal:";

    private PhysicalMemory() {}

    /** The number of bytes, or {@link #UNKNOWN}. */
    static long bytes() {
        return Math.min(total(lines(MEMINFO)), limit(lines(CGROUP_LIMIT)));
    }

    /** Returns the size that the lines of {@code /proc/meminfo} give. */
    static long total(List<String> meminfo) {
        for (String line : meminfo) {
            if (line.startsWith(TOTAL)) {
                String kibibytes =
                        line.substring(TOTAL.length()).replace("kB", "").strip();
                return isNumber(kibibytes) ? Long.parseLong(kibibytes) << 10 : UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    /** Returns the size that the control group's {@code memory.max} gives: a number of bytes, or {@code max}. */
    static long limit(List<String> memoryMax) {
        String bytes = memoryMax.isEmpty() ? "" : memoryMax.getFirst().strip();
        return isNumber(bytes) ? Long.parseLong(bytes) : UNKNOWN;
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() < 19 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException notThere) {
            return List.of();
        }
    }
}
