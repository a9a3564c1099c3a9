package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.IntWord;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Linearizability: by model checking where words are fields, and by real threads where they are guest memory, whose accesses Lincheck
 * does not see. Takes a minute of processor time, so it runs in the profile of its name.
 */
@Tag("lincheck")
class LockLincheckTest {
    private static final int THREADS = 3;

    /** A number under the lock itself: whatever else the lock does, its users come one after the other. */
    @Param(name = "cpu", gen = ThreadIdGen.class)
    public static class CounterUnderTheLock {
        private static final GuestArena ARENA = new GuestArena("lincheck");

        private final Cpus cpus = new Cpus(THREADS + 1, Clock.REAL);
        private final LockStats stats = new LockStats(THREADS + 1);
        private final LockClass lockClass = stats.internal("counter");
        private final RqSpinLock locks = new RqSpinLock(stats);
        private final long lock = ARENA.allocate(16);
        private final long data = ARENA.allocate(16);

        @Operation
        public long add(@Param(name = "cpu") int thread) {
            Cpu cpu = cpus.get(thread);
            while (locks.lock(cpu, lock, lockClass) != 0) {
                Thread.onSpinWait();
            }
            long sum = GuestMemory.getLong(data) + 1;
            GuestMemory.putLong(data, sum);
            locks.unlock(cpu, lock);
            return sum;
        }
    }

    @Test
    void theUsersOfALockComeOneAfterTheOther() {
        new StressOptions()
                .threads(THREADS)
                .iterations(3)
                .invocationsPerIteration(1000)
                .actorsPerThread(3)
                .check(CounterUnderTheLock.class);
    }

    /** The operations of a shared word. */
    public static class Word {
        private final IntWord word = new IntWord("word");

        @Operation
        public int add(int delta) {
            return word.getAndAdd(delta);
        }

        @Operation
        public int exchange(int expected, int value) {
            return word.compareAndExchange(expected, value);
        }

        @Operation
        public int or(int mask) {
            return word.getAndBitwiseOr(mask);
        }

        @Operation
        public int get() {
            return word.getAcquire();
        }
    }

    @Test
    void theOperationsOfAWordAreAtomic() {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(100)
                .actorsBefore(0)
                .actorsPerThread(2)
                .actorsAfter(0)
                .check(Word.class);
    }

    /** Finding the class of a program's lock, of which there must never be two for one address. */
    public static class Classes {
        private final LockStats stats = new LockStats(1);

        @Operation
        public int ofAddress(@Param(gen = IntGen.class, conf = "1:2") int address) {
            LockClass known = stats.ofAddress(address);
            return stats.classes().indexOf(known);
        }
    }

    @Test
    void aLockHasOneClass() {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(200)
                .actorsBefore(0)
                .actorsPerThread(2)
                .actorsAfter(0)
                .check(Classes.class);
    }
}
