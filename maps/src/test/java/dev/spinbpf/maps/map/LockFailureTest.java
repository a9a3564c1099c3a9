package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EDEADLK;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.InternalHook;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A map is left unchanged or whole when a lock inside it fails because the CPU that wants it holds it already. */
class LockFailureTest {
    private final TestMachine machine = new TestMachine(2);
    private final long nestedKey = machine.buffer();
    private final long nestedValue = machine.buffer();

    @AfterEach
    void close() {
        assertThat(machine.cpu.heldLocks().count()).isZero();
        assertThat(machine.cpu.irqsEnabled()).isTrue();
        assertThat(machine.cpu.preemptCount()).isZero();
        machine.close();
    }

    /** Runs an operation once, nested into another where that reaches the point. */
    private void nest(HookPoint point, InternalHook operation) {
        machine.cpus.hooks().set(point, (cpu, at, first, second) -> {
            machine.cpus.hooks().set(point, null);
            operation.fire(cpu, at, first, second);
        });
    }

    private int updateNested(Cpu cpu, BpfMap map, int key, long value) {
        GuestMemory.putInt(nestedKey, key);
        GuestMemory.putLong(nestedValue, value);
        return map.update(cpu, nestedKey, nestedValue, 0);
    }

    private int deleteNested(Cpu cpu, BpfMap map, int key) {
        GuestMemory.putInt(nestedKey, key);
        return map.delete(cpu, nestedKey);
    }

    private long count(String lock, LockOutcome outcome) {
        return machine.environment.locks().stats().classes().stream()
                .filter(found -> found.name().equals(lock))
                .mapToLong((LockClass found) -> found.count(outcome))
                .sum();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_PREALLOC})
    void bucketLockFailsAndNothingChanges(long flags) {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 4, flags);
        machine.update(map, 1, 10);
        AtomicInteger update = new AtomicInteger();
        AtomicInteger delete = new AtomicInteger();
        AtomicInteger take = new AtomicInteger();
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> {
            assertThat(first).isEqualTo(map.id());
            assertThat(GuestMemory.getInt(second)).isEqualTo(1);
            update.set(updateNested(cpu, map, 1, 99));
            delete.set(deleteNested(cpu, map, 1));
            take.set(map.sysLookupAndDelete(cpu, nestedKey, machine.out, 0));
        });
        assertThat(machine.update(map, 1, 11)).isZero();
        assertThat(update).hasValue(-EDEADLK);
        assertThat(delete).hasValue(-EDEADLK);
        assertThat(take).hasValue(-EDEADLK);
        assertThat(machine.get(map, 1)).isEqualTo(11);
        assertThat(((HashTableMap) map).entryCount()).isEqualTo(1);
        assertThat(count("map 'm' bucket", LockOutcome.AA)).isEqualTo(3);
        for (int key = 2; key <= 4; key++) {
            assertThat(machine.update(map, key, key)).isZero();
        }
        assertThat(machine.update(map, 5, 5)).isEqualTo(-E2BIG);
    }

    @Test
    void nestedUpdateOfAnotherBucketSucceeds() {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 64, 0);
        AtomicInteger result = new AtomicInteger(1);
        int other = 2;
        while (((HashTableMap) map).lockOf(machine.key(other)) == ((HashTableMap) map).lockOf(machine.key(1))) {
            other++;
        }
        int otherKey = other;
        nest(
                HookPoint.MAP_UPDATE_UNDER_LOCK,
                (cpu, point, first, second) -> result.set(updateNested(cpu, map, otherKey, 20)));
        assertThat(machine.update(map, 1, 10)).isZero();
        assertThat(result).hasValue(0);
        assertThat(machine.get(map, otherKey)).isEqualTo(20);
    }

    @Test
    void popGoesOnToAnotherCpusListWhenItsOwnIsLocked() {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 64, 0);
        AtomicInteger result = new AtomicInteger(1);
        nest(
                HookPoint.FREELIST_POP,
                (cpu, point, first, second) -> result.set(updateNested(cpu, map, otherBucket(map, 1), 20)));
        assertThat(machine.update(map, 1, 10)).isZero();
        assertThat(result).hasValue(0);
        assertThat(count("map 'm' freelist", LockOutcome.AA)).isEqualTo(1);
        assertThat(freeElements(map)).isEqualTo(62);
    }

    private int otherBucket(BpfMap map, int key) {
        long lock = ((HashTableMap) map).lockOf(machine.key(key));
        int other = key + 1;
        while (((HashTableMap) map).lockOf(machine.key(other)) == lock) {
            other++;
        }
        return other;
    }

    /** Puts in key 1 and one that is in another bucket, and returns that. */
    private int fillTwoBuckets(BpfMap map) {
        int other = otherBucket(map, 1);
        machine.update(map, 1, 10);
        machine.update(map, other, 10);
        return other;
    }

    private static long freeElements(BpfMap map) {
        PercpuFreelist freelist = ((HashMapOfValues) map).pool().freelist();
        return freelist == null ? -1 : freelist.count();
    }

    @Test
    void pushGoesOnToAnotherCpusListWhenItsOwnIsLocked() {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 64, 0);
        int other = fillTwoBuckets(map);
        AtomicInteger result = new AtomicInteger(1);
        nest(HookPoint.FREELIST_PUSH, (cpu, point, first, second) -> result.set(deleteNested(cpu, map, other)));
        assertThat(machine.delete(map, 1)).isZero();
        assertThat(result).hasValue(0);
        assertThat(freeElements(map)).isEqualTo(64);
    }

    @Test
    void onASingleCpuPopFailsAndPushUsesTheExtraList() {
        try (TestMachine single = new TestMachine(1)) {
            BpfMap map = single.map(MapType.HASH, 4, 8, 64, 0);
            AtomicInteger result = new AtomicInteger(1);
            single.cpus.hooks().set(HookPoint.FREELIST_POP, (cpu, point, first, second) -> {
                single.cpus.hooks().set(HookPoint.FREELIST_POP, null);
                GuestMemory.putInt(nestedKey, 1000);
                result.set(map.update(cpu, nestedKey, nestedValue, 0));
            });
            assertThat(single.update(map, 1, 10)).isZero();
            assertThat(result).hasValue(-E2BIG);
            assertThat(single.update(map, 1000, 10)).isZero();
            single.cpus.hooks().set(HookPoint.FREELIST_PUSH, (cpu, point, first, second) -> {
                single.cpus.hooks().set(HookPoint.FREELIST_PUSH, null);
                result.set(map.delete(cpu, nestedKey));
            });
            assertThat(single.delete(map, 1)).isZero();
            assertThat(result).hasValue(0);
            assertThat(freeElements(map)).isEqualTo(64);
        }
    }

    @Test
    void spareElementIsNotTakenTwiceByAnNmi() {
        BpfMap map = machine.map(MapType.HASH, 4, 8, 64, 0);
        int other = fillTwoBuckets(map);
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> assertThat(
                        updateNested(cpu, map, other, 21))
                .isZero());
        assertThat(machine.update(map, 1, 11)).isZero();
        assertThat(machine.get(map, 1)).isEqualTo(11);
        assertThat(machine.get(map, other)).isEqualTo(21);
        assertThat(freeElements(map)).isEqualTo(62);
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"PERCPU_HASH", "LPM_TRIE"})
    void nestedOperationsOnOneLockFail(MapType type) {
        BpfMap map = type == MapType.LPM_TRIE
                ? machine.map(type, 8, 8, 4, MapFlags.BPF_F_NO_PREALLOC)
                : machine.map(type, 4, 8, 4, 0);
        AtomicInteger update = new AtomicInteger();
        AtomicInteger delete = new AtomicInteger();
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> {
            update.set(updateNested(cpu, map, 8, 99));
            delete.set(deleteNested(cpu, map, 8));
        });
        assertThat(machine.update(map, 8, 10)).isZero();
        assertThat(update).hasValue(-EDEADLK);
        assertThat(delete).hasValue(-EDEADLK);
        assertThat(machine.get(map, 8)).isEqualTo(10);
        nest(HookPoint.MAP_DELETE_UNDER_LOCK, (cpu, point, first, second) -> update.set(updateNested(cpu, map, 8, 99)));
        assertThat(machine.delete(map, 8)).isZero();
        assertThat(update).hasValue(-EDEADLK);
        assertThat(machine.get(map, 8)).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = MapType.class,
            names = {"QUEUE", "STACK"})
    void queueIsBusy(MapType type) {
        BpfMap map = machine.map(type, 0, 8, 4, 0);
        AtomicInteger push = new AtomicInteger();
        AtomicInteger pop = new AtomicInteger();
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> {
            push.set(map.push(cpu, nestedValue, 0));
            pop.set(map.pop(cpu, machine.out));
        });
        GuestMemory.putLong(machine.out, 77);
        assertThat(map.push(machine.cpu, machine.value(5), 0)).isZero();
        assertThat(push).hasValue(-EBUSY);
        assertThat(pop).hasValue(-EBUSY);
        assertThat(GuestMemory.getLong(machine.out)).isZero();
        assertThat(map.pop(machine.cpu, machine.out)).isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(5);
    }

    @Test
    void ringBufferRefuses() {
        RingBufferMap map = (RingBufferMap) machine.map(MapType.RINGBUF, 0, 0, 4096, 0);
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> {
            assertThat(map.reserve(cpu, 8, 0)).isZero();
            assertThat(map.output(cpu, nestedValue, 8, 0)).isEqualTo(-EAGAIN);
        });
        assertThat(map.output(machine.cpu, machine.value(5), 8, 0)).isZero();
        assertThat(map.consume((record, size) -> true)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MapFlags.BPF_F_NO_COMMON_LRU})
    void lruUpdateUnderItsOwnBucketFailsAndGivesTheElementBack(long flags) {
        LruHashMap map = (LruHashMap) machine.map(MapType.LRU_HASH, 4, 8, 8, flags);
        AtomicInteger update = new AtomicInteger();
        nest(HookPoint.MAP_UPDATE_UNDER_LOCK, (cpu, point, first, second) -> update.set(updateNested(cpu, map, 1, 9)));
        assertThat(machine.update(map, 1, 10)).isZero();
        assertThat(update).hasValue(-EDEADLK);
        assertThat(machine.get(map, 1)).isEqualTo(10);
        assertThat(map.entryCount()).isEqualTo(1);
        assertThat(map.pool().countNodes()).isEqualTo(8);
    }

    @Test
    void lruUpdateFailsWhenTheLocalListIsLocked() {
        try (TestMachine single = new TestMachine(1)) {
            LruHashMap map = (LruHashMap) single.map(MapType.LRU_HASH, 4, 8, 8, 0);
            long lock = map.pool().stashLock(0);
            LockClass lockClass = single.environment.locks().stats().internal("test");
            assertThat(single.environment.locks().lock(single.cpu, lock, lockClass))
                    .isZero();
            assertThat(single.update(map, 1, 10)).isEqualTo(-ENOMEM);
            single.environment.locks().unlock(single.cpu, lock);
            for (int key = 0; key < 8; key++) {
                assertThat(single.update(map, key, key)).isZero();
            }
            // Deletions cannot give their elements back now, but none is lost.
            assertThat(single.environment.locks().lock(single.cpu, lock, lockClass))
                    .isZero();
            for (int key = 0; key < 8; key++) {
                assertThat(single.delete(map, key)).isZero();
            }
            single.environment.locks().unlock(single.cpu, lock);
            assertThat(map.pool().countNodes()).isEqualTo(8);
            for (int key = 0; key < 100; key++) {
                assertThat(single.update(map, key, key)).isZero();
            }
            assertThat(map.pool().countNodes()).isEqualTo(8);
        }
    }
}
