package dev.spinbpf.vm.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PacketKindsTest {
    private static final int ETHERNET = 14;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int ICMPV6 = 58;

    static IntStream uncutKinds() {
        return IntStream.range(0, PacketKinds.COUNT - 1);
    }

    private static int sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int at = from; at < to; at++) {
            sum += (bytes[at] & 0xff) << ((at - from) % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    private static int folded(int sum) {
        return sum > 0xffff ? folded((sum & 0xffff) + (sum >> 16)) : sum;
    }

    @ParameterizedTest
    @MethodSource("uncutKinds")
    void shouldHaveRightLengthsAndChecksums(int kind) {
        for (int flow = 0; flow < 12; flow++) {
            byte[] frame = PacketKinds.packet(kind, flow);
            ByteBuffer bytes = ByteBuffer.wrap(frame);
            int protocol = bytes.getShort(12) & 0xffff;
            if (protocol == 0x0800) {
                checkIpv4(frame);
            } else if (protocol == 0x86dd) {
                assertThat(bytes.getShort(18) & 0xffff).isEqualTo(frame.length - 54);
                checkTransport(frame, frame[20], 54, sum(frame, 22, 54));
            }
        }
    }

    private static void checkIpv4(byte[] frame) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        int header = (bytes.get(ETHERNET) & 0xf) * 4;
        assertThat(folded(sum(frame, ETHERNET, ETHERNET + header))).isEqualTo(0xffff);
        assertThat(bytes.getShort(16) & 0xffff).isEqualTo(frame.length - ETHERNET);
        if ((bytes.getShort(20) & 0x1fff) == 0) {
            checkTransport(frame, frame[23], ETHERNET + header, sum(frame, 26, 34));
        }
    }

    private static void checkTransport(byte[] frame, int protocol, int at, int addresses) {
        int length = frame.length - at;
        int total = addresses + protocol + length + sum(frame, at, frame.length);
        if (protocol == TCP || protocol == UDP || protocol == ICMPV6) {
            assertThat(folded(total)).isEqualTo(0xffff);
        } else if (protocol == 1) {
            assertThat(folded(sum(frame, at, frame.length))).isEqualTo(0xffff);
        }
    }

    @Test
    void shouldMakePacketsThatDiffer() {
        Set<ByteString> all = new HashSet<>(Packets.mixed(Packets.USUAL_MIX));
        assertThat(all).hasSize(Packets.USUAL_MIX);
        assertThat(all).allSatisfy(frame -> assertThat(frame.size()).isBetween(ETHERNET, 1514));
    }
}
