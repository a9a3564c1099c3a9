package dev.spinbpf.vm.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.InsnDecoder;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Small programs that clang made of C, against the same computation in Java. */
@ParameterizedClass
@EnumSource(Snippet.Engine.class)
class KernelsTest {
    private final Snippet snippet;
    private final Random random = new Random(42);

    KernelsTest(Snippet.Engine engine) {
        snippet = new Snippet(engine);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    private long run(String name, long context) throws Exception {
        try (InputStream in = Objects.requireNonNull(KernelsTest.class.getResourceAsStream(name + ".bin"), name)) {
            long result = snippet.run.run(snippet.slots(InsnDecoder.decode(in.readAllBytes())), context);
            assertThat(snippet.run.fault()).isNull();
            return result;
        }
    }

    @Test
    void shouldSumTheInternetChecksum() throws Exception {
        long context = snippet.arena.allocate(16 + 4096);
        GuestMemory.putLong(context, 4096);
        long sum = 0;
        for (int i = 0; i < 2048; i++) {
            int word = random.nextInt(65536);
            GuestMemory.putShort(context + 16 + 2L * i, (short) word);
            sum += word;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        assertThat(run("k04_cksum", context)).isEqualTo(~sum & 0xffff);
    }

    @Test
    void shouldComputeCrc32() throws Exception {
        byte[] data = new byte[5000];
        random.nextBytes(data);
        long context = snippet.arena.allocate(1040 + data.length);
        GuestMemory.putLong(context, data.length);
        for (int i = 0; i < 256; i++) {
            int value = i;
            for (int bit = 0; bit < 8; bit++) {
                value = (value & 1) == 0 ? value >>> 1 : value >>> 1 ^ 0xedb88320;
            }
            GuestMemory.putInt(context + 16 + 4L * i, value);
        }
        GuestMemory.copyIn(data, 0, context + 1040, data.length);
        CRC32 crc = new CRC32();
        crc.update(data);
        assertThat(run("k05_crc32", context)).isEqualTo(crc.getValue());
    }

    @Test
    void shouldCountPrimes() throws Exception {
        long context = snippet.arena.allocate(16 + 1000);
        GuestMemory.putLong(context, 1000);
        assertThat(run("k03_sieve", context)).isEqualTo(168);
    }

    @Test
    void shouldSort() throws Exception {
        int[] numbers = random.ints(500).toArray();
        long context = snippet.arena.allocate(16 + 8L * numbers.length);
        GuestMemory.putLong(context, numbers.length);
        for (int i = 0; i < numbers.length; i++) {
            GuestMemory.putInt(context + 16 + 4L * i, numbers[i]);
        }
        long[] sorted = Arrays.stream(numbers)
                .mapToLong(Integer::toUnsignedLong)
                .sorted()
                .toArray();
        long hash = 0;
        for (long number : sorted) {
            hash = hash * 31 + number;
        }
        assertThat(run("k06_sort", context)).isEqualTo(hash);
    }

    @Test
    void shouldMultiplyAndDivide() throws Exception {
        long context = snippet.arena.allocate(16);
        GuestMemory.putLong(context, 500);
        GuestMemory.putLong(context + 8, 99);
        long x = 99;
        long sum = 0;
        for (int i = 0; i < 500; i++) {
            x = x * 6364136223846793005L + 1442695040888963407L;
            long divisor = x >>> 20 & 0xfffff | 1;
            sum += Long.divideUnsigned(x, divisor);
            sum ^= Long.remainderUnsigned(x >>> 3, divisor + 2);
            long high = x >>> 32;
            sum += high / divisor;
            sum ^= high % (divisor + 1);
        }
        assertThat(run("k02_muldiv", context)).isEqualTo(sum);
    }
}
