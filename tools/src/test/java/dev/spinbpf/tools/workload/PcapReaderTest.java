package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.tools.workload.PcapReader.BadCaptureException;
import dev.spinbpf.vm.stress.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PcapReaderTest {
    private static final int MICROSECONDS = 0xa1b2c3d4;
    private static final int NANOSECONDS = 0xa1b23c4d;

    /** A capture of packets of these lengths; each is filled with its number. */
    static byte[] capture(ByteOrder order, int magic, int linkType, int... lengths) {
        ByteBuffer file = ByteBuffer.allocate(
                        24 + Arrays.stream(lengths).map(length -> 16 + length).sum())
                .order(order);
        file.putInt(magic)
                .putShort((short) 2)
                .putShort((short) 4)
                .putInt(0)
                .putInt(0)
                .putInt(65535)
                .putInt(linkType);
        for (int i = 0; i < lengths.length; i++) {
            file.putInt(1_700_000_000).putInt(i).putInt(lengths[i]).putInt(lengths[i] + 100);
            byte[] packet = new byte[lengths[i]];
            Arrays.fill(packet, (byte) i);
            file.put(packet);
        }
        return file.array();
    }

    @Test
    void shouldReadBothByteOrdersAndBothTimes() throws Exception {
        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            for (int magic : new int[] {MICROSECONDS, NANOSECONDS}) {
                List<ByteString> packets = PcapReader.read(capture(order, magic, 1, 60, 14, 3520), 10);
                assertThat(packets).extracting(ByteString::size).containsExactly(60, 14, 3520);
                assertThat(packets.get(1).toArray()).containsOnly(1);
            }
        }
    }

    @Test
    void shouldTakeTheLinkTypeFromItsOwnBits() throws Exception {
        assertThat(PcapReader.read(capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 0x1400_0001, 60), 1))
                .hasSize(1);
    }

    private static String refusal(byte[] file) {
        try {
            PcapReader.read(file, 3);
            return "read";
        } catch (BadCaptureException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void shouldSayWhatIsWrong() {
        byte[] good = capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 1, 60, 60);
        assertThat(refusal(new byte[0])).startsWith("is no pcap file").endsWith("found 00000000");
        assertThat(refusal(capture(ByteOrder.BIG_ENDIAN, 0x0a0d0d0a, 1)))
                .startsWith("is a pcapng file")
                .endsWith("editcap -F pcap IN.pcapng OUT.pcap");
        assertThat(refusal(Arrays.copyOf(good, 20))).isEqualTo("expected a header of 24 bytes, found 20 bytes");
        assertThat(refusal(Arrays.copyOf(good, 24))).isEqualTo("has no packets");
        assertThat(refusal(Arrays.copyOf(good, 105)))
                .isEqualTo("packet 2 at offset 100: the file ends within its header");
        assertThat(refusal(Arrays.copyOf(good, 150)))
                .isEqualTo("packet 2 at offset 100: has 60 bytes, but the file ends after 34");
        assertThat(refusal(capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 101, 60)))
                .startsWith("expected packets of link type 1 (Ethernet), found link type 101");
        assertThat(refusal(capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 1, 13)))
                .isEqualTo("packet 1 at offset 24: expected 14 to 3520 bytes, found 13");
        assertThat(refusal(capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 1, 3521)))
                .endsWith("found 3521");
        assertThat(refusal(capture(ByteOrder.LITTLE_ENDIAN, MICROSECONDS, 1, 60, 60, 60, 60)))
                .startsWith("has more than 3 packets");
        byte[] negative = good.clone();
        Arrays.fill(negative, 32, 36, (byte) -1);
        assertThat(refusal(negative)).endsWith("found 4294967295");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldReadOrRefuseDamagedFiles(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = capture(ByteOrder.LITTLE_ENDIAN, NANOSECONDS, 1, 60, 61, 62);
        for (int i = 0; i < 5000; i++) {
            byte[] damaged = Arrays.copyOf(good, random.nextInt(good.length + 1));
            for (int hits = random.nextInt(4); hits > 0 && damaged.length > 0; hits--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            assertThat(refusal(damaged)).isNotEmpty();
        }
    }

    @Test
    void shouldNotReadMoreThanAskedFor() {
        assertThatThrownBy(() -> PcapReader.read(capture(ByteOrder.BIG_ENDIAN, MICROSECONDS, 1, 60, 60), 1))
                .isInstanceOf(BadCaptureException.class);
    }
}
