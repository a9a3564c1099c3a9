package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Records from user space to programs. */
class UserRingBufferTest {
    private static final int SIZE = 4096;

    private final TestMachine machine = new TestMachine(2);
    private final UserRingBufferMap map = (UserRingBufferMap) machine.map(MapType.USER_RINGBUF, 0, 0, SIZE, 0);

    @AfterEach
    void close() {
        machine.close();
    }

    private void submit(long value) {
        long record = map.reserve(8);
        GuestMemory.putLong(record, value);
        map.submit(record);
    }

    private List<Long> drained() {
        List<Long> values = new ArrayList<>();
        assertThat(map.drain(
                        (sample, size) -> {
                            values.add(GuestMemory.getLong(sample));
                            return 0;
                        },
                        0))
                .isEqualTo(values.size());
        return values;
    }

    @Test
    void drainsInOrderUpToARecordThatIsNotSubmitted() {
        submit(1);
        map.discard(map.reserve(100));
        submit(2);
        long late = map.reserve(8);
        GuestMemory.putLong(late, 3);
        submit(4);
        assertThat(drained()).containsExactly(1L, 2L);
        assertThat(drained()).isEmpty();
        map.submit(late);
        assertThat(drained()).containsExactly(3L, 4L);
    }

    @Test
    void goesRoundItsBuffer() {
        for (int i = 0; i < 5000; i++) {
            long record = map.reserve(8 + i % 800);
            GuestMemory.putLong(record, i);
            map.submit(record);
            assertThat(drained()).containsExactly((long) i);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThat(map.reserve(SIZE - 7)).isEqualTo(-E2BIG);
        assertThat(map.reserve(-1)).isEqualTo(-E2BIG);
        assertThat(map.reserve(SIZE - 8)).isPositive();
        assertThat(map.reserve(0)).isEqualTo(-ENOSPC);
    }

    @Test
    void callbackStopsTheDrainBehindItsSample() {
        submit(1);
        submit(2);
        assertThat(map.drain((sample, size) -> 1, 0)).isEqualTo(1);
        assertThat(drained()).containsExactly(2L);
    }

    @Test
    void oneDrainsAtATimeAndTheProducerIsWoken() {
        AtomicInteger nested = new AtomicInteger();
        AtomicInteger woken = new AtomicInteger();
        map.setWakeup(woken::incrementAndGet);
        assertThat(map.drain((sample, size) -> 0, 0)).isZero();
        assertThat(woken).hasValue(0);
        assertThat(map.drain((sample, size) -> 0, MapFlags.BPF_RB_FORCE_WAKEUP)).isZero();
        assertThat(woken).hasValue(1);
        submit(1);
        assertThat(map.drain(
                        (sample, size) -> {
                            nested.set((int) map.drain((again, length) -> 0, 0));
                            return 0;
                        },
                        0))
                .isEqualTo(1);
        assertThat(nested).hasValue(-EBUSY);
        assertThat(map.wakeups()).isEqualTo(2);
        submit(2);
        assertThat(map.drain((sample, size) -> 0, MapFlags.BPF_RB_NO_WAKEUP)).isEqualTo(1);
        assertThat(woken).hasValue(2);
        assertThat(map.drain((sample, size) -> 0, 4)).isEqualTo(-EINVAL);
    }

    @Test
    void nonsenseOfTheProducerIsRefused() {
        long record = map.reserve(8);
        GuestMemory.putInt(record - 8, 64);
        assertThat(map.drain((sample, size) -> 0, 0))
                .as("longer than what there is")
                .isEqualTo(-EINVAL);
        GuestMemory.putInt(record - 8, SIZE);
        GuestMemory.putLong(map.producerPosition(), 3 * SIZE);
        assertThat(map.drain((sample, size) -> 0, 0))
                .as("longer than the buffer")
                .isEqualTo(-E2BIG);
        GuestMemory.putLong(map.producerPosition(), 12);
        assertThat(map.drain((sample, size) -> 0, 0))
                .as("not a multiple of eight")
                .isEqualTo(-EINVAL);
        assertThat(map.drain((sample, size) -> 0, 0))
                .as("and nobody is left draining")
                .isEqualTo(-EINVAL);
    }

    @Test
    void hasNoElements() {
        assertThat(map.sysLookup(machine.cpu, machine.key, machine.out, 0)).isEqualTo(-ENOTSUPP);
        assertThat(map.sysUpdate(machine.cpu, machine.key, machine.value, 0)).isEqualTo(-ENOTSUPP);
        assertThat(map.sysDelete(machine.cpu, machine.key)).isEqualTo(-ENOTSUPP);
        assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isEqualTo(-ENOTSUPP);
    }
}
