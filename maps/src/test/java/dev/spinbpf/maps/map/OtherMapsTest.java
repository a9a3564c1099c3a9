package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Queues, stacks, bloom filters, ring buffers, maps of maps and programs, perf buffers. */
class OtherMapsTest {
    private final TestMachine machine = new TestMachine(2);

    @AfterEach
    void close() {
        machine.close();
    }

    private long pop(BpfMap map) {
        int error = map.pop(machine.cpu, machine.out);
        return error == 0 ? GuestMemory.getLong(machine.out) : error;
    }

    private void fill(BpfMap map) {
        for (int i = 1; i <= 3; i++) {
            assertThat(map.push(machine.cpu, machine.value(i), 0)).isZero();
        }
        assertThat(map.push(machine.cpu, machine.value(4), 0)).isEqualTo(-E2BIG);
        assertThat(map.push(machine.cpu, machine.value(4), MapFlags.BPF_NOEXIST))
                .isEqualTo(-EINVAL);
        assertThat(map.push(machine.cpu, machine.value(4), MapFlags.BPF_EXIST)).isZero();
    }

    @Test
    void queueGivesTheOldestFirst() {
        BpfMap map = machine.map(MapType.QUEUE, 0, 8, 3, 0);
        assertThat(pop(map)).isEqualTo(-ENOENT);
        fill(map);
        assertThat(map.peek(machine.cpu, machine.out)).isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(2);
        assertThat(List.of(pop(map), pop(map), pop(map), pop(map))).containsExactly(2L, 3L, 4L, (long) -ENOENT);
        assertThat(GuestMemory.getLong(machine.out)).isZero();
    }

    @Test
    void stackGivesTheYoungestFirst() {
        BpfMap map = machine.map(MapType.STACK, 0, 8, 3, 0);
        fill(map);
        assertThat(List.of(pop(map), pop(map), pop(map), pop(map))).containsExactly(4L, 3L, 2L, (long) -ENOENT);
        assertThat(map.update(machine.cpu, machine.key, machine.value, 0)).isEqualTo(-EINVAL);
        assertThat(map.delete(machine.cpu, machine.key)).isEqualTo(-EINVAL);
        assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isEqualTo(-EINVAL);
        assertThat(map.sysUpdate(machine.cpu, 0, machine.value(9), 0)).isZero();
        assertThat(map.sysLookup(machine.cpu, 0, machine.out, 0)).isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(9);
        assertThat(map.sysLookupAndDelete(machine.cpu, 0, machine.out, 0)).isZero();
        assertThat(map.sysLookupAndDelete(machine.cpu, 0, machine.out, 0)).isEqualTo(-ENOENT);
    }

    @Test
    void bloomFilterHasNoFalseNegatives() {
        BpfMap map = machine.map(MapType.BLOOM_FILTER, 0, 8, 1000, 0);
        for (int i = 0; i < 1000; i++) {
            assertThat(map.push(machine.cpu, machine.value(i * 31L), 0)).isZero();
        }
        int falsePositives = 0;
        for (int i = 0; i < 1000; i++) {
            assertThat(map.peek(machine.cpu, machine.value(i * 31L))).isZero();
            falsePositives += map.peek(machine.cpu, machine.value(1_000_000 + i)) == 0 ? 1 : 0;
        }
        assertThat(falsePositives).isLessThan(100);
        assertThat(map.push(machine.cpu, machine.value, MapFlags.BPF_EXIST)).isEqualTo(-EINVAL);
        assertThat(map.pop(machine.cpu, machine.out)).isEqualTo(-EOPNOTSUPP);
        assertThat(map.update(machine.cpu, machine.key, machine.value, 0)).isEqualTo(-EINVAL);
        assertThat(BloomFilterMap.bitCount(1, 5)).isEqualTo(64);
        assertThat(BloomFilterMap.bitCount(1000, 5)).isEqualTo(8192);
        assertThat(BloomFilterMap.bitCount(0xffffffffL, 15)).isEqualTo(1L << 32);
    }

    @Test
    void ringBufferDeliversInOrderAndStopsAtBusyRecords() {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
        long first = map.reserve(machine.cpu, 8, 0);
        long second = map.reserve(machine.cpu, 5, 0);
        GuestMemory.putLong(first, 1);
        GuestMemory.putInt(second, 2);
        assertThat(RingBufferMap.ofRecord(machine.environment.table(), second)).isSameAs(map);
        map.submit(second, 0);
        List<Integer> sizes = new ArrayList<>();
        assertThat(map.consume((record, size) -> sizes.add(size))).isZero();
        assertThat(map.query(MapFlags.BPF_RB_AVAIL_DATA)).isEqualTo(32);
        map.submit(first, 0);
        assertThat(map.wakeups()).isEqualTo(1);
        assertThat(map.consume((record, size) -> sizes.add(size))).isEqualTo(2);
        assertThat(sizes).containsExactly(8, 5);
        long third = map.reserve(machine.cpu, 8, 0);
        map.discard(third, MapFlags.BPF_RB_NO_WAKEUP);
        assertThat(map.wakeups()).isEqualTo(1);
        assertThat(map.consume((record, size) -> sizes.add(size))).isZero();
        assertThat(map.query(MapFlags.BPF_RB_AVAIL_DATA)).isZero();
        assertThat(map.query(MapFlags.BPF_RB_CONS_POS)).isEqualTo(48);
        assertThat(map.query(99)).isZero();
        assertThat(map.reserve(machine.cpu, 8, 1)).isZero();
        assertThat(map.update(machine.cpu, 0, 0, 0)).isEqualTo(-ENOTSUPP);
        assertThat(map.sysLookup(machine.cpu, 0, machine.out, 0)).isEqualTo(-ENOTSUPP);
    }

    @Test
    void ringBufferThatIsFullRefuses() {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
        assertThat(map.reserve(machine.cpu, 4096, 0)).isZero();
        assertThat(map.reserve(machine.cpu, 4088, 0)).isZero();
        for (int i = 0; i < 3; i++) {
            assertThat(map.output(machine.cpu, machine.value(i), 1016, 0)).isZero();
        }
        assertThat(map.output(machine.cpu, machine.value, 1016, 0)).isEqualTo(-EAGAIN);
        assertThat(map.output(machine.cpu, machine.value, 8, 4)).isEqualTo(-EINVAL);
        assertThat(map.consume((record, size) -> false)).isEqualTo(1);
        assertThat(map.output(machine.cpu, machine.value, 1016, 0)).isZero();
        assertThat(map.consume((record, size) -> true)).isEqualTo(3);
    }

    @Test
    void recordsAreWholeAcrossTheEndOfTheBuffer() {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
        long[] sum = new long[1];
        for (int i = 0; i < 500; i++) {
            int size = 100 + i % 300;
            GuestMemory.fill(machine.value, size, (byte) i);
            assertThat(map.output(machine.cpu, machine.value, size, 0)).isZero();
            byte expected = (byte) i;
            map.consume((record, length) -> {
                for (byte b : GuestMemory.bytes(record, length)) {
                    assertThat(b).isEqualTo(expected);
                }
                sum[0] += length;
                return true;
            });
        }
        long expectedSum = 0;
        for (int i = 0; i < 500; i++) {
            expectedSum += 100 + i % 300;
        }
        assertThat(sum[0]).isEqualTo(expectedSum);
    }

    @Test
    void overwritingRingBufferKeepsTheYoungest() {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, MapFlags.BPF_F_RB_OVERWRITE);
        for (int i = 0; i < 10; i++) {
            assertThat(map.output(machine.cpu, machine.value(i), 1016, 0)).isZero();
        }
        List<Long> seen = new ArrayList<>();
        map.consume((record, size) -> seen.add(GuestMemory.getLong(record)));
        assertThat(seen).containsExactly(7L, 8L, 9L);
        assertThat(map.query(MapFlags.BPF_RB_OVERWRITE_POS)).isEqualTo(7 * 1024);
    }

    @Test
    void programArrayHoldsHandles() {
        SlotArrayMap map = (SlotArrayMap) machine.map(MapType.PROG_ARRAY, 4, 4, 2, 0);
        assertThat(map.program(0)).isEqualTo(SlotArrayMap.NO_PROGRAM);
        assertThat(map.sysUpdate(machine.cpu, machine.key(0), machine.value(0), 0))
                .isZero();
        assertThat(map.program(0)).isZero();
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(7), 0))
                .isZero();
        assertThat(map.program(1)).isEqualTo(7);
        assertThat(map.sysUpdate(machine.cpu, machine.key(2), machine.value(7), 0))
                .isEqualTo(-E2BIG);
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(7), 1))
                .isEqualTo(-EINVAL);
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0)).isZero();
        assertThat(GuestMemory.getInt(machine.out)).isEqualTo(7);
        assertThat(map.sysDelete(machine.cpu, machine.key(1))).isZero();
        assertThat(map.sysDelete(machine.cpu, machine.key(1))).isEqualTo(-ENOENT);
        assertThat(map.sysDelete(machine.cpu, machine.key(5))).isEqualTo(-E2BIG);
        assertThat(map.program(1)).isEqualTo(SlotArrayMap.NO_PROGRAM);
        assertThat(map.program(-1)).isEqualTo(SlotArrayMap.NO_PROGRAM);
        assertThat(map.lookup(machine.cpu, machine.key(0))).isZero();
    }

    @Test
    void mapsOfMapsTakeMapsThatAreAlike() {
        MapDef template = TestMachine.def(MapType.HASH, 4, 8, 10, 0);
        BpfMap inner = machine.map(MapType.HASH, 4, 8, 99, 0);
        BpfMap other = machine.map(MapType.HASH, 4, 16, 10, 0);
        for (MapType type : List.of(MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS)) {
            BpfMap map = machine.map(TestMachine.def(type, 4, 4, 2, 0, template), Btf.EMPTY);
            assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(inner.id()), 0))
                    .isZero();
            assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(other.id()), 0))
                    .isEqualTo(-EINVAL);
            assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(4711), 0))
                    .isEqualTo(-EBADF);
            assertThat(map.lookup(machine.cpu, machine.key(1))).isEqualTo(inner.address());
            assertThat(map.lookup(machine.cpu, machine.key(0))).isZero();
            assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0))
                    .isZero();
            assertThat(GuestMemory.getInt(machine.out)).isEqualTo(inner.id());
            assertThat(map.sysDelete(machine.cpu, machine.key(1))).isZero();
            assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0))
                    .isEqualTo(-ENOENT);
        }
    }

    @Test
    void innerArraysAreOfOneLengthUnlessMarked() {
        for (long flags : new long[] {0, MapFlags.BPF_F_INNER_MAP}) {
            MapDef template = TestMachine.def(MapType.ARRAY, 4, 8, 10, flags);
            BpfMap longer = machine.map(MapType.ARRAY, 4, 8, 11, flags);
            BpfMap outer = machine.map(TestMachine.def(MapType.ARRAY_OF_MAPS, 4, 4, 2, 0, template), Btf.EMPTY);
            assertThat(outer.sysUpdate(machine.cpu, machine.key(0), machine.value(longer.id()), 0))
                    .isEqualTo(flags == 0 ? -EINVAL : 0);
        }
    }

    @Test
    void perfBufferTakesSamplesOfItsCpu() {
        PerfEventArrayMap map = (PerfEventArrayMap) machine.map(MapType.PERF_EVENT_ARRAY, 4, 4, 2, 0);
        long current = MapFlags.BPF_F_CURRENT_CPU;
        assertThat(map.output(machine.cpu, current, machine.value(1), 8)).isEqualTo(-ENOENT);
        assertThat(map.open(0, 0, 64)).isZero();
        assertThat(map.open(1, 1, 64)).isZero();
        assertThat(map.output(machine.cpu, current, machine.value(1), 8)).isZero();
        assertThat(map.output(machine.cpu, 1, machine.value(1), 8)).isEqualTo(-EOPNOTSUPP);
        assertThat(map.output(machine.cpu, 2, machine.value(1), 8)).isEqualTo(-E2BIG);
        assertThat(map.output(machine.cpu, 1L << 32, machine.value(1), 8)).isEqualTo(-EINVAL);
        for (int i = 2; i <= 4; i++) {
            assertThat(map.output(machine.cpu, 0, machine.value(i), 8)).isZero();
        }
        assertThat(map.output(machine.cpu, 0, machine.value(5), 8)).isEqualTo(-ENOSPC);
        assertThat(map.lost(0)).isEqualTo(1);
        List<Byte> seen = new ArrayList<>();
        assertThat(map.consume(0, (cpu, sample) -> seen.add(sample[0]))).isEqualTo(4);
        assertThat(seen).containsExactly((byte) 1, (byte) 2, (byte) 3, (byte) 4);
    }

    @Test
    void perfSampleGoesOnWithThePacketsFirstBytes() {
        PerfEventArrayMap map = (PerfEventArrayMap) machine.map(MapType.PERF_EVENT_ARRAY, 4, 4, 1, 0);
        assertThat(map.open(0, 0, 64)).isZero();
        GuestMemory.putLong(machine.out, 0x0807060504030201L);
        for (int i = 0; i < 10; i++) {
            machine.value(0x1111111111111111L);
            assertThat(map.output(machine.cpu, 0, machine.value, 3, machine.out, 5))
                    .isZero();
            List<byte[]> seen = new ArrayList<>();
            assertThat(map.consume(0, (cpu, sample) -> seen.add(sample))).isEqualTo(1);
            assertThat(seen).containsExactly(new byte[] {0x11, 0x11, 0x11, 1, 2, 3, 4, 5});
        }
    }
}
