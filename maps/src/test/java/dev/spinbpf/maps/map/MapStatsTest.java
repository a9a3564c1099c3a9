package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import org.junit.jupiter.api.Test;

class MapStatsTest {
    @Test
    void countsWhatUserSpaceAsksForByItsResult() {
        try (TestMachine machine = new TestMachine(2)) {
            BpfMap map = machine.map(MapType.HASH, 4, 8, 2, 0);
            for (int key = 0; key < 3; key++) {
                GuestMemory.putInt(machine.key, key);
                map.sysUpdate(machine.cpu, machine.key, machine.value, MapFlags.BPF_ANY);
            }
            map.sysLookup(machine.cpu, machine.key, machine.out, 0);
            GuestMemory.putInt(machine.key, 0);
            map.sysLookup(machine.cpu, machine.key, machine.out, 0);
            map.sysDelete(machine.cpu, machine.key);
            map.sysDelete(machine.cpu, machine.key);
            MapStats stats = map.stats();
            assertThat(stats.count(MapOperation.UPDATE, MapResult.OK)).isEqualTo(2);
            assertThat(stats.count(MapOperation.UPDATE, MapResult.E2BIG)).isEqualTo(1);
            assertThat(stats.count(MapOperation.LOOKUP, MapResult.OK)).isEqualTo(1);
            assertThat(stats.count(MapOperation.LOOKUP, MapResult.ENOENT)).isEqualTo(1);
            assertThat(stats.count(MapOperation.DELETE, MapResult.OK)).isEqualTo(1);
            assertThat(stats.count(MapOperation.DELETE, MapResult.ENOENT)).isEqualTo(1);
            assertThat(map.entryCount()).isEqualTo(1);
        }
    }

    @Test
    void tellsResultsApart() {
        assertThat(MapResult.of(0)).isEqualTo(MapResult.OK);
        assertThat(MapResult.of(17)).isEqualTo(MapResult.OK);
        assertThat(MapResult.of(-Errno.EDEADLK)).isEqualTo(MapResult.EDEADLK);
        assertThat(MapResult.of(-Errno.ETIMEDOUT)).isEqualTo(MapResult.ETIMEDOUT);
        assertThat(MapResult.of(-Errno.EPERM)).isEqualTo(MapResult.OTHER);
        assertThat(MapResult.of(Long.MIN_VALUE)).isEqualTo(MapResult.OTHER);
    }

    @Test
    void countsTheEntriesOfEachKindThatKnowsThem() {
        try (TestMachine machine = new TestMachine(2)) {
            BpfMap queue = machine.map(MapType.QUEUE, 0, 8, 3, 0);
            BpfMap trie = machine.map(MapType.LPM_TRIE, 8, 8, 10, MapFlags.BPF_F_NO_PREALLOC);
            assertThat(machine.map(MapType.ARRAY, 4, 8, 5, 0).entryCount()).isEqualTo(5);
            for (int i = 0; i < 10; i++) {
                queue.push(machine.cpu, machine.value, MapFlags.BPF_EXIST);
                queue.pop(machine.cpu, machine.out);
                queue.push(machine.cpu, machine.value, 0);
            }
            GuestMemory.putInt(machine.key, 32);
            trie.update(machine.cpu, machine.key, machine.value, MapFlags.BPF_ANY);
            assertThat(queue.entryCount()).isEqualTo(3);
            assertThat(trie.entryCount()).isEqualTo(1);
            assertThat(machine.map(MapType.BLOOM_FILTER, 0, 8, 5, 0).entryCount())
                    .isEqualTo(-1);
        }
    }

    @Test
    void countsRecordsOfARingBufferAndWhyOthersWereDropped() {
        try (TestMachine machine = new TestMachine(2)) {
            RingBufferMap ring = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
            assertThat(ring.output(machine.cpu, machine.value, 3000, 0)).isZero();
            assertThat(ring.output(machine.cpu, machine.value, 3000, 0)).isEqualTo(-Errno.EAGAIN);
            assertThat(ring.reserve(machine.cpu, 5000, 0)).isZero();
            machine.environment
                    .locks()
                    .lock(
                            machine.cpu,
                            ring.lock(),
                            machine.environment.locks().stats().internal("ring"));
            assertThat(ring.reserve(machine.cpu, 8, 0)).isZero();
            machine.environment.locks().unlock(machine.cpu, ring.lock());
            assertThat(ring.reserved()).isEqualTo(1);
            assertThat(ring.droppedFull()).isEqualTo(1);
            assertThat(ring.droppedTooLarge()).isEqualTo(1);
            assertThat(ring.droppedNotLocked()).isEqualTo(1);
            assertThat(ring.query(MapFlags.BPF_RB_AVAIL_DATA)).isEqualTo(3008);
        }
    }
}
