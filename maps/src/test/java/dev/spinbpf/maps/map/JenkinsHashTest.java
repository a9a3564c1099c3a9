package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import org.junit.jupiter.api.Test;

/** Against values that Linux's jhash() gives. */
class JenkinsHashTest {
    private static final int[] SEED_ZERO = {
        -1151292978, -1182935189, 343598879, -580874260, 378850957, 833385853, -1804095491, -1792941866, 777221089,
        -249797116, 1541649921, -378856808, -753437802, -136876062, -847412067, -1804408191, -713353896, -2005864424,
        -66283707, 645073906, -1591307519, 1558735735, 177109499, -1270304853, 323191127, 880922133
    };
    private static final int[] SEED_12345678 = {983305055, -3193880, 1028885097, 49772975, 1525659288};
    private static final int[] WORDS_SEED_99 = {
        -249024259, 590607900, -893089324, 468280518, -1105231161, 1758941265, 1259147959, 1957950305
    };

    @Test
    void hashesAsLinuxDoes() {
        try (GuestArena arena = new GuestArena("test")) {
            long key = arena.allocate(64);
            for (int i = 0; i < 64; i++) {
                GuestMemory.putByte(key + i, (byte) (i * 7 + 3));
            }
            for (int length = 1; length <= SEED_ZERO.length; length++) {
                assertThat(JenkinsHash.hash(key, length, 0))
                        .as("%d bytes", length)
                        .isEqualTo(SEED_ZERO[length - 1]);
            }
            for (int length = 1; length <= SEED_12345678.length; length++) {
                assertThat(JenkinsHash.hash(key, length, 0x12345678)).isEqualTo(SEED_12345678[length - 1]);
            }
            for (int words = 1; words <= WORDS_SEED_99.length; words++) {
                assertThat(JenkinsHash.hash(key, words * 4, 99)).isEqualTo(WORDS_SEED_99[words - 1]);
            }
        }
    }
}
