package dev.spinbpf.maps.map;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.FaultInjectingLock;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.programs.linux.MapType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One error has several causes: that a lock inside the map was not taken is counted apart. */
class LockFailureCountTest {
    private final FaultInjectingLock lock = new FaultInjectingLock(new LockStats(1));
    private final TestMachine machine = new TestMachine(new Cpus(1, Clock.REAL), lock);

    private long count(MapOperation operation, BpfMap map, int key) {
        long result = operation == MapOperation.PUSH
                ? map.push(machine.cpu, machine.value(key), 0)
                : machine.update(map, key, key);
        return map.stats().count(machine.cpu, operation, result);
    }

    /** {@code failing} is the attempt at a lock, from 0, from which on all fail within one operation. */
    @ParameterizedTest
    @CsvSource({
        "HASH, UPDATE, 1, E2BIG, true",
        "HASH, UPDATE, 0, ETIMEDOUT, false",
        "LRU_HASH, UPDATE, 0, ENOMEM, true",
        "QUEUE, PUSH, 0, EBUSY, true"
    })
    void shouldCountErrorsOfLocksApart(
            MapType type, MapOperation operation, int failing, MapResult error, boolean counted) {
        int keySize = type == MapType.QUEUE ? 0 : 4;
        BpfMap map = machine.map(type, keySize, 8, 4, 0);
        assertThat(count(operation, map, 1)).isZero();
        assertThat(map.stats().count(operation, MapResult.OK)).isEqualTo(1);
        lock.plan((attempt, _) -> attempt >= failing ? LockOutcome.TIMEOUT : null);
        count(operation, map, 2);
        lock.plan(FaultInjectingLock.Plan.NONE);
        assertThat(map.stats().count(operation, error)).isEqualTo(1);
        assertThat(map.stats().countOfLockFailures(operation, error)).isEqualTo(counted ? 1 : 0);
        for (int key = 3; key < 8; key++) {
            count(operation, map, key);
        }
        assertThat(map.stats().countOfLockFailures(operation, error)).isEqualTo(counted ? 1 : 0);
        if (type == MapType.HASH || type == MapType.QUEUE) {
            assertThat(map.stats().count(operation, MapResult.E2BIG))
                    .as("the map is full")
                    .isGreaterThan(map.stats().countOfLockFailures(operation, MapResult.E2BIG));
        }
    }
}
