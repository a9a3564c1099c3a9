package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** User space reads values of many words while nodes are replaced and used again, on real threads. */
class LpmSnapshotTest {
    private static final int VALUE_SIZE = 1024;
    private static final int ROUNDS = 30_000;

    private static void fill(long value, long tag) {
        for (int at = 0; at < VALUE_SIZE; at += Long.BYTES) {
            GuestMemory.putLong(value + at, tag);
        }
    }

    private static void writeKey(long key, int prefix) {
        GuestMemory.putInt(key, 16);
        GuestMemory.putInt(key + 4, prefix);
    }

    @Test
    void valuesAreReadWholeAndAreThoseOfTheirKey() throws Exception {
        try (TestMachine machine = TestMachine.ofThreads(2);
                ExecutorService threads = Executors.newFixedThreadPool(1)) {
            BpfMap map = machine.map(MapType.LPM_TRIE, 8, VALUE_SIZE, 8, MapFlags.BPF_F_NO_PREALLOC);
            Cpu writer = machine.cpus.get(0);
            Cpu reader = machine.cpus.get(1);
            long key = machine.buffer();
            long value = machine.buffer();
            put(map, writer, key, value, 1, 1);
            Future<?> writing = threads.submit(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    put(map, writer, key, value, round % 3, (long) round << 8 | round % 3);
                }
            });
            long wanted = machine.buffer();
            long copy = machine.buffer();
            writeKey(wanted, 1);
            while (!writing.isDone()) {
                assertThat(map.sysLookup(reader, wanted, copy, 0)).isZero();
                long tag = GuestMemory.getLong(copy);
                assertThat(tag & 0xff).isEqualTo(1);
                assertThat(GuestMemory.mismatch(copy, copy + 8, VALUE_SIZE - 8)).isEqualTo(-1);
            }
            writing.get();
        }
    }

    private static void put(BpfMap map, Cpu cpu, long key, long value, int prefix, long tag) {
        writeKey(key, prefix);
        fill(value, tag);
        assertThat(map.update(cpu, key, value, 0)).isZero();
    }
}
