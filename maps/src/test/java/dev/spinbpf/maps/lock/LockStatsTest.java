package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.VirtualClock;
import dev.spinbpf.maps.memory.GuestArena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LockStatsTest {
    private final LockStats stats = new LockStats(2);

    @Test
    void programLocksAreKnownByTheirAddress() {
        stats.setNamer(address -> LockIdentity.ofGlobal((int) address, "element " + address / 8, address));
        for (long address = 0x10000; address < 0x10000 + 8 * 500; address += 8) {
            assertThat(stats.ofAddress(address).name()).isEqualTo("element " + address / 8);
        }
        LockClass known = stats.ofAddress(0x10008);
        assertThat(stats.ofAddress(0x10008)).isSameAs(known);
        assertThat(stats.classes()).hasSize(500).doesNotHaveDuplicates();
        assertThat(known.isInternal()).isFalse();
        stats.forgetMap(0x10008);
        assertThat(stats.known(0x10008)).isNull();
        assertThat(stats.ofAddress(0x10008)).as("it has the same names").isSameAs(known);
        assertThat(stats.ofAddress(0x10010).name()).isEqualTo("element 8194");
        assertThat(stats.classes()).hasSize(500);
    }

    @Test
    void locksOfAMapThatIsMadeAgainAreCountedOn() {
        LockClass first = stats.internal(LockIdentity.inside("flows", 1, LockKind.BUCKET));
        LockClass other = stats.internal(LockIdentity.inside("flows", 2, LockKind.BUCKET));
        assertThat(other).isNotSameAs(first);
        stats.forgetMap(1);
        LockClass again = stats.internal(LockIdentity.inside("flows", 3, LockKind.BUCKET));
        assertThat(again).isSameAs(first);
        assertThat(again.identity().mapId()).isEqualTo(3);
        assertThat(stats.internal(LockIdentity.inside("flows", 4, LockKind.BUCKET)))
                .isNotIn(first, other);
        assertThat(stats.classes()).hasSize(3);
    }

    @Test
    void locksBeyondTheMostAreCountedTogether() {
        for (int i = 1; i <= LockStats.MOST_PROGRAM_LOCKS; i++) {
            stats.ofAddress(4L * i);
        }
        LockClass other = stats.ofAddress(4L * LockStats.MOST_PROGRAM_LOCKS + 4);
        assertThat(other.name()).isEqualTo("other program locks");
        assertThat(stats.ofAddress(4L * LockStats.MOST_PROGRAM_LOCKS + 8)).isSameAs(other);
        assertThat(stats.classes()).hasSize(LockStats.MOST_PROGRAM_LOCKS + 1);
    }

    @Test
    void countsByCpuContextAndOutcome() {
        LockClass lockClass = stats.internal("map 'm' bucket");
        var cpu = new Cpus(2, Clock.REAL).get(1);
        lockClass.countAcquired(cpu, LockEnd.PENDING, 3);
        lockClass.countAcquired(cpu, LockEnd.PENDING, 2);
        lockClass.countFailed(cpu, LockEnd.TIMEOUT_HEAD);
        lockClass.countFailed(cpu, LockEnd.TIMEOUT_PENDING);
        assertThat(lockClass.count(1, cpu.level(), LockOutcome.TIMEOUT)).isEqualTo(2);
        assertThat(lockClass.count(1, cpu.level(), LockEnd.TIMEOUT_HEAD)).isEqualTo(1);
        assertThat(lockClass.count(0, cpu.level(), LockOutcome.TIMEOUT)).isZero();
        assertThat(lockClass.attempts()).isEqualTo(4);
        assertThat(lockClass.deepestNesting(1, cpu.level())).isEqualTo(3);
        assertThat(lockClass.deepestNesting(0, cpu.level())).isZero();
        assertThat(lockClass.isInternal()).isTrue();
    }

    @Test
    void heldTimesAreSampledUnderTheContextThatTookTheLock() {
        var clock = new VirtualClock(1_000);
        var timed = new LockStats(1, 1);
        var locks = new RqSpinLock(timed);
        Cpu cpu = new Cpus(1, clock).get(0);
        LockClass outer = timed.internal("outer");
        LockClass inner = timed.internal("inner");
        try (var arena = new GuestArena("locks")) {
            long first = arena.allocate(8);
            ContextLevel before = cpu.enter(ContextLevel.SOFTIRQ);
            locks.lock(cpu, first, outer);
            clock.advance(100);
            locks.lock(cpu, first + 4, inner);
            assertThat(locks.lock(cpu, first, outer)).isNegative();
            clock.advance(7);
            locks.unlock(cpu, first + 4);
            locks.unlock(cpu, first);
            cpu.leave(before);
        }
        assertThat(outer.heldTimes(0, ContextLevel.SOFTIRQ).totalNanos()).isEqualTo(107);
        assertThat(inner.heldTimes(0, ContextLevel.SOFTIRQ).maxNanos()).isEqualTo(7);
        assertThat(outer.heldTimes(0, ContextLevel.SOFTIRQ).count()).isOne();
        assertThat(outer.heldTimes(0, ContextLevel.TASK).isEmpty()).isTrue();
        assertThat(outer.deepestNesting(0, ContextLevel.SOFTIRQ)).isOne();
        assertThat(inner.deepestNesting(0, ContextLevel.SOFTIRQ)).isEqualTo(2);
    }

    @Test
    void oneAcquisitionInSoManyIsTimedAndNoneWhereThatIsOff() {
        var timed = new LockStats(1, 16);
        var off = new LockStats(1);
        LockClass sampled = acquireOften(timed, 16_000);
        assertThat(sampled.heldTimes(0, ContextLevel.TASK).count()).isBetween(800L, 1200L);
        assertThat(acquireOften(off, 100).heldTimes(0, ContextLevel.TASK).isEmpty())
                .isTrue();
    }

    private static LockClass acquireOften(LockStats stats, int times) {
        var locks = new RqSpinLock(stats);
        Cpu cpu = new Cpus(1, Clock.REAL).get(0);
        LockClass lockClass = stats.internal("often");
        try (var arena = new GuestArena("locks")) {
            long lock = arena.allocate(8);
            for (int i = 0; i < times; i++) {
                locks.lock(cpu, lock, lockClass);
                locks.unlock(cpu, lock);
            }
        }
        return lockClass;
    }

    @Test
    void timesAreKnownToWithinANinth() {
        var times = new TimeHistogram();
        assertThat(times.percentileNanos(99)).isZero();
        for (long nanos = 1; nanos <= 1000; nanos++) {
            times.add(nanos * 1000);
        }
        assertThat(times.count()).isEqualTo(1000);
        assertThat(times.maxNanos()).isEqualTo(1_000_000);
        assertThat(times.totalNanos()).isEqualTo(500_500_000);
        assertThat(times.percentileNanos(50)).isBetween(500_000L, 556_000L);
        assertThat(times.percentileNanos(100)).isEqualTo(1_000_000);
        assertThat(times.upTo(4_000, 16_000, 100_000, 256_000)).containsExactly(4, 12, 84, 156, 744);
        TimeHistogram twice = times.copy();
        twice.addAll(times);
        assertThat(twice.count()).isEqualTo(2000);
        assertThat(twice.p50Nanos()).isEqualTo(times.p50Nanos());
        var bounds = new ArrayList<Long>();
        times.forEachBucket((bound, count) -> bounds.add(bound));
        assertThat(bounds).isSorted().doesNotHaveDuplicates();
        times.add(0);
        times.add(Long.MAX_VALUE);
        assertThat(times.count()).isEqualTo(1002);
        assertThat(times.zeroCount()).isOne();
    }

    @Test
    void aCopyIsOfOneMomentWhileTheWriterGoesOn() throws InterruptedException {
        var times = new TimeHistogram();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 3_000_000; i++) {
                times.add(1_000);
            }
        });
        long seen = 0;
        while (writer.isAlive()) {
            TimeHistogram copy = times.copy();
            assertThat(copy.totalNanos()).isEqualTo(1_000 * copy.count());
            assertThat(copy.count()).isGreaterThanOrEqualTo(seen);
            seen = copy.count();
        }
        writer.join();
        assertThat(times.copy().count()).isEqualTo(3_000_000);
    }

    @Test
    void timesAreMadeUpFromBucketsWithTheirNumberAndSum() {
        var times = new TimeHistogram();
        var given = new TimeHistogram();
        for (long nanos = 0; nanos < 10_000_000_000_000L; nanos = 1 + 3 * nanos) {
            times.add(nanos);
            times.add(nanos + 7);
            times.forEachSince(given.copy(), given::add);
            assertThat(given.totalNanos()).isEqualTo(times.totalNanos());
            var buckets = new ArrayList<Long>();
            times.forEachBucket((bound, count) -> buckets.addAll(List.of(bound, count)));
            var givenBuckets = new ArrayList<Long>();
            given.forEachBucket((bound, count) -> givenBuckets.addAll(List.of(bound, count)));
            assertThat(givenBuckets).isEqualTo(buckets);
        }
        times.forEachSince(given, nanos -> {
            throw new AssertionError("there is none since");
        });
    }

    @Test
    void failuresHaveTraceIdsThatDiffer() {
        var failures = new ArrayList<LockFailure>();
        stats.addListener(failures::add);
        var locks = new RqSpinLock(stats);
        Cpu cpu = new Cpus(2, Clock.REAL).get(0);
        LockClass lockClass = stats.internal("held");
        try (var arena = new GuestArena("locks")) {
            long lock = arena.allocate(8);
            locks.lock(cpu, lock, lockClass);
            var held = new ArrayList<LockClass>();
            cpu.heldLocks().forEachHeld((address, level, number) -> {
                assertThat(address).isEqualTo(lock);
                assertThat(level).isEqualTo(ContextLevel.TASK);
                held.add(stats.byNumber(number));
            });
            assertThat(held).containsExactly(lockClass);
            locks.lock(cpu, lock, lockClass);
            locks.lock(cpu, lock, lockClass);
            locks.unlock(cpu, lock);
            cpu.heldLocks().forEachHeld((address, level, number) -> held.clear());
            assertThat(held).hasSize(1);
        }
        assertThat(failures).extracting(LockFailure::number).containsExactly(1L, 2L);
        assertThat(failures)
                .extracting(LockFailure::traceId)
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("[0-9a-f]{32}"));
    }

    @Test
    void nativeBucketsAreThoseOfPrometheus() {
        for (long nanos :
                new long[] {1, 2, 7, 999, 1000, 1001, 250_000_000, 250_000_001, 1_000_000_000, 3_999_999_999L}) {
            var times = new TimeHistogram();
            times.add(nanos);
            times.forEachNativeBucket((index, count) -> {
                assertThat(count).isOne();
                assertThat(nanos / 1e9)
                        .isLessThanOrEqualTo(Math.pow(2, index / 8.0))
                        .isGreaterThan(Math.pow(2, (index - 1) / 8.0));
            });
        }
        var all = new TimeHistogram();
        for (long nanos = 0; nanos < 100_000; nanos++) {
            all.add(nanos);
        }
        long[] sum = {all.zeroCount()};
        var indexes = new ArrayList<Integer>();
        all.forEachNativeBucket((index, count) -> {
            sum[0] += count;
            indexes.add(index);
        });
        assertThat(sum[0]).isEqualTo(100_000);
        assertThat(indexes).isSorted().doesNotHaveDuplicates();
        assertThat(all.upTo(TimeHistogram.classicBounds())).startsWith(1_001, 3_000, 12_000, 48_000, 35_999, 0);
    }
}
