package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LpmTrieMapTest {
    private final TestMachine machine = new TestMachine(1);
    private final BpfMap map = machine.map(MapType.LPM_TRIE, 8, 8, 5, MapFlags.BPF_F_NO_PREALLOC);

    @AfterEach
    void close() {
        machine.close();
    }

    private long prefix(int length, int... bytes) {
        GuestMemory.putInt(machine.key, length);
        GuestMemory.putInt(machine.key + 4, 0);
        for (int i = 0; i < bytes.length; i++) {
            GuestMemory.putByte(machine.key + 4 + i, (byte) bytes[i]);
        }
        return machine.key;
    }

    private int put(long value, long flags, int length, int... bytes) {
        return map.update(machine.cpu, prefix(length, bytes), machine.value(value), flags);
    }

    private @Nullable Long find(int... bytes) {
        long found = map.lookup(machine.cpu, prefix(32, bytes));
        return found == 0 ? null : GuestMemory.getLong(found);
    }

    @Test
    void longestPrefixWins() {
        assertThat(put(16, 0, 16, 192, 168)).isZero();
        assertThat(put(24, 0, 24, 192, 168, 0)).isZero();
        assertThat(put(25, 0, 24, 192, 168, 128)).isZero();
        assertThat(put(32, 0, 32, 192, 168, 128, 7)).isZero();
        assertThat(find(192, 168, 0, 1)).isEqualTo(24);
        assertThat(find(192, 168, 128, 1)).isEqualTo(25);
        assertThat(find(192, 168, 128, 7)).isEqualTo(32);
        assertThat(find(192, 168, 5, 1)).isEqualTo(16);
        assertThat(find(192, 169, 5, 1)).isNull();
        assertThat(put(1, 0, 0)).isZero();
        assertThat(find(10, 0, 0, 1)).isEqualTo(1);
    }

    @Test
    void updateAndDeleteFailAsLinuxDoes() {
        assertThat(put(1, MapFlags.BPF_EXIST, 8, 10)).isEqualTo(-ENOENT);
        assertThat(put(1, MapFlags.BPF_NOEXIST, 8, 10)).isZero();
        assertThat(put(1, MapFlags.BPF_NOEXIST, 8, 10)).isEqualTo(-EEXIST);
        assertThat(put(2, MapFlags.BPF_EXIST, 8, 10)).isZero();
        assertThat(put(1, 3, 8, 10)).isEqualTo(-EINVAL);
        assertThat(put(1, 0, 33, 10)).isEqualTo(-EINVAL);
        assertThat(map.delete(machine.cpu, prefix(33, 10))).isEqualTo(-EINVAL);
        assertThat(map.lookup(machine.cpu, prefix(33, 10))).isZero();
        for (int i = 0; i < 4; i++) {
            assertThat(put(1, 0, 16, 10, i)).isZero();
        }
        assertThat(put(1, 0, 16, 10, 9)).isEqualTo(-ENOSPC);
        assertThat(put(3, 0, 16, 10, 2)).isZero();
        assertThat(map.delete(machine.cpu, prefix(16, 10, 9))).isEqualTo(-ENOENT);
        assertThat(map.delete(machine.cpu, prefix(15, 10, 2))).isEqualTo(-ENOENT);
        assertThat(map.delete(machine.cpu, prefix(8, 10))).isZero();
        assertThat(find(10, 77)).isNull();
        assertThat(find(10, 2)).isEqualTo(3);
    }

    @Test
    void stepsFromLongerToShorterPrefixes() {
        assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isEqualTo(-ENOENT);
        put(1, 0, 16, 192, 168);
        put(2, 0, 24, 192, 168, 0);
        put(3, 0, 24, 192, 168, 128);
        put(4, 0, 24, 192, 168, 1);
        List<String> seen = new ArrayList<>();
        long previous = 0;
        while (map.getNextKey(machine.cpu, previous, machine.out) == 0) {
            previous = machine.out;
            seen.add(GuestMemory.getByte(machine.out + 6) + "/" + GuestMemory.getInt(machine.out));
        }
        assertThat(seen).containsExactly("0/24", "1/24", "-128/24", "0/16");
        assertThat(map.getNextKey(machine.cpu, prefix(20, 1), machine.out)).isZero();
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(24);
    }

    /** Keys of one word are walked along by other code than the others; both are held against looking at all prefixes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 8, 13, 16})
    void findsTheLongestPrefixOfKeysOfAnySize(int dataSize) {
        BpfMap trie = machine.map(MapType.LPM_TRIE, 4 + dataSize, 8, 400, MapFlags.BPF_F_NO_PREALLOC);
        Random random = new Random(dataSize);
        List<byte[]> prefixes = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            prefixes.add(fewBits(random, dataSize));
            lengths.add(random.nextInt(dataSize * 8 + 1));
            assertThat(trie.update(machine.cpu, prefix(lengths.get(i), prefixes.get(i)), machine.value(i), 0))
                    .isZero();
        }
        for (int lookup = 0; lookup < 2000; lookup++) {
            byte[] data = fewBits(random, dataSize);
            int length = random.nextInt(4) == 0 ? random.nextInt(dataSize * 8 + 1) : dataSize * 8;
            int longest = -1;
            for (int i = 0; i < prefixes.size(); i++) {
                boolean matches = lengths.get(i) <= length && commonBits(prefixes.get(i), data) >= lengths.get(i);
                longest = matches && (longest < 0 || lengths.get(i) >= lengths.get(longest)) ? i : longest;
            }
            long found = trie.lookup(machine.cpu, prefix(length, data));
            assertThat(found == 0 ? -1 : GuestMemory.getLong(found)).isEqualTo(longest);
        }
    }

    private long prefix(int length, byte[] data) {
        GuestMemory.putInt(machine.key, length);
        GuestMemory.copyIn(data, 0, machine.key + 4, data.length);
        return machine.key;
    }

    private static byte[] fewBits(Random random, int size) {
        byte[] data = new byte[size];
        for (int i = 0; i < size; i++) {
            data[i] = (byte) (random.nextInt(3) == 0 ? 1 << random.nextInt(8) : 0);
        }
        return data;
    }

    private static int commonBits(byte[] first, byte[] second) {
        int at = Arrays.mismatch(first, second);
        return at < 0 ? Integer.MAX_VALUE : at * 8 + Integer.numberOfLeadingZeros((first[at] ^ second[at]) & 0xff) - 24;
    }
}
