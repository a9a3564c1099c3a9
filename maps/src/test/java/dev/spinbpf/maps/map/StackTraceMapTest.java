package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StackTraceMapTest {
    private static final int FRAMES = 4;

    private final TestMachine machine = new TestMachine(1);
    private final Cpu cpu = machine.cpu;
    private final long frames = machine.buffer();

    @AfterEach
    void close() {
        machine.close();
    }

    private StackTraceMap map(int entries, int valueSize, long flags) {
        return (StackTraceMap)
                machine.map(TestMachine.def(MapType.STACK_TRACE, 4, valueSize, entries, flags), Btf.EMPTY);
    }

    private long record(StackTraceMap map, long flags, long... stack) {
        for (int i = 0; i < stack.length; i++) {
            GuestMemory.putLong(frames + (long) i * Long.BYTES, stack[i]);
        }
        return map.record(frames, stack.length, flags);
    }

    private long frame(StackTraceMap map, long id, int offset) {
        GuestMemory.putInt(machine.key, (int) id);
        assertThat(map.sysLookup(cpu, machine.key, machine.out, 0)).isZero();
        return GuestMemory.getLong(machine.out + offset);
    }

    @Test
    void theSameStackHasTheSameNumber() {
        try (StackTraceMap map = map(64, 8 * FRAMES, 0)) {
            long first = record(map, 0, 7, 8, 9);
            long second = record(map, 0, 7, 8);
            assertThat(first).isBetween(0L, 63L).isNotEqualTo(second);
            assertThat(record(map, 0, 7, 8, 9)).isEqualTo(first);
            assertThat(map.entryCount()).isEqualTo(2);
            assertThat(frame(map, first, 16)).isEqualTo(9);
            assertThat(frame(map, first, 24)).isZero();
            assertThat(frame(map, second, 16)).isZero();
            long cut = record(map, 0, 1, 2, 3, 4, 5);
            assertThat(record(map, 0, 1, 2, 3, 4)).isEqualTo(cut);
        }
    }

    @Test
    void aBucketHasOneStack() {
        try (StackTraceMap map = map(1, 8 * FRAMES, 0)) {
            assertThat(record(map, 0, 1)).isZero();
            assertThat(record(map, 0, 2)).isEqualTo(-EEXIST);
            assertThat(record(map, MapFlags.BPF_F_FAST_STACK_CMP, 2)).isEqualTo(-EEXIST);
            assertThat(record(map, MapFlags.BPF_F_REUSE_STACKID, 2)).isEqualTo(-ENOMEM);
            GuestMemory.putInt(machine.key, 0);
            assertThat(map.sysDelete(cpu, machine.key)).isZero();
            assertThat(map.sysDelete(cpu, machine.key)).isEqualTo(-ENOENT);
            assertThat(record(map, 0, 2)).isZero();
            assertThat(frame(map, 0, 0)).isEqualTo(2);
        }
    }

    @Test
    void anotherStackOfTheBucketIsReplacedWhereThatIsAskedFor() {
        try (StackTraceMap map = map(2, 8 * FRAMES, 0)) {
            long id = record(map, 0, 1);
            long other = 2;
            while (record(map, 0, other) != -EEXIST) {
                GuestMemory.putInt(machine.key, (int) (1 - id));
                map.sysDelete(cpu, machine.key);
                other++;
            }
            for (int round = 0; round < 5; round++) {
                assertThat(record(map, MapFlags.BPF_F_REUSE_STACKID, other)).isEqualTo(id);
                assertThat(frame(map, id, 0)).isEqualTo(other);
                assertThat(record(map, MapFlags.BPF_F_REUSE_STACKID, 1)).isEqualTo(id);
            }
        }
    }

    @Test
    void userSpaceReadsAndDeletesAlone() {
        try (StackTraceMap map = map(3, 8 * FRAMES, 0)) {
            assertThat(machine.update(map, 0, 5)).isEqualTo(-EINVAL);
            GuestMemory.putInt(machine.key, 4);
            assertThat(map.sysDelete(cpu, machine.key)).isEqualTo(-E2BIG);
            assertThat(map.sysLookup(cpu, machine.key, machine.out, 0)).isEqualTo(-ENOENT);
            assertThat(map.getNextKey(cpu, 0, machine.out)).isEqualTo(-ENOENT);
            long id = record(map, 0, 5);
            assertThat(map.getNextKey(cpu, 0, machine.out)).isZero();
            assertThat(GuestMemory.getInt(machine.out)).isEqualTo((int) id);
            assertThat(map.getNextKey(cpu, machine.out, machine.out)).isEqualTo(-ENOENT);
        }
    }

    @Test
    void framesOfFilesFallBackToAddresses() {
        try (StackTraceMap map = map(8, 32 * FRAMES, MapFlags.BPF_F_STACK_BUILD_ID)) {
            assertThat(map.mostFrames()).isEqualTo(FRAMES);
            long id = record(map, 0, 5, 6);
            assertThat(frame(map, id, 0)).isEqualTo(2);
            assertThat(frame(map, id, 24)).isEqualTo(5);
            assertThat(frame(map, id, 32 + 24)).isEqualTo(6);
            assertThat(record(map, 0, 5, 6)).isEqualTo(id);
        }
    }
}
