package dev.spinbpf.maps.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProcessorsTest {
    private static BitSet set(int... numbers) {
        BitSet set = new BitSet();
        IntStream.of(numbers).forEach(set::set);
        return set;
    }

    @Test
    void sharesAreNeighboursAndTogetherAll() {
        BitSet all = set(0, 1, 4, 5, 6);

        assertThat(Processors.share(all, 0, 2)).isEqualTo(set(0, 1));
        assertThat(Processors.share(all, 1, 2)).isEqualTo(set(4, 5, 6));
        assertThat(Processors.share(all, 4, 5)).isEqualTo(set(6));
        assertThat(Processors.share(all, 0, 1)).isEqualTo(all);
    }

    @Test
    void noShareWhereThereAreTooFewProcessors() {
        assertThat(Processors.share(set(0, 1), 0, 3)).isEqualTo(set());
    }

    @Test
    void aThreadIsConfinedToItsShareAndNoOtherOneIs() throws Exception {
        String before = allowed();
        BitSet all = parsed(before);
        int processors = all.cardinality();
        FutureTask<String> confined = new FutureTask<>(() -> {
            Processors.confine(processors - 1, processors);
            return allowed();
        });

        Thread.ofPlatform().start(confined);

        assertThat(parsed(confined.get())).isEqualTo(Processors.share(all, processors - 1, processors));
        assertThat(allowed()).isEqualTo(before);
    }

    /** The list of the processors that this thread may use, such as {@code 0-3,8}. */
    private static String allowed() throws Exception {
        return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    private static BitSet parsed(String list) {
        BitSet set = new BitSet();
        for (String range : list.split(",", -1)) {
            String[] ends = range.split("-", -1);
            set.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
        }
        return set;
    }
}
