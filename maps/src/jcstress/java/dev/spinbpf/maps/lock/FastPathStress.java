package dev.spinbpf.maps.lock;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.maps.sync.IntWord;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The fast path: a CPU that takes the lock by a compare-and-exchange with acquire order sees all that was written before it was let go by a
 * store with release order.
 */
public final class FastPathStress {
    private FastPathStress() {}

    /** Two CPUs add one to plain data under the lock itself, all its paths included. */
    @JCStressTest
    @Outcome(id = "0, 1, 2", expect = ACCEPTABLE, desc = "The first CPU came first.")
    @Outcome(id = "1, 0, 2", expect = ACCEPTABLE, desc = "The second CPU came first.")
    @Outcome(expect = FORBIDDEN, desc = "Both held the lock, or one did not see what the other wrote.")
    @State
    public static class WholeLock {
        private static final LockStats STATS = new LockStats(2);
        private static final RqSpinLock LOCKS = new RqSpinLock(STATS);
        private static final LockClass CLASS = STATS.internal("stress");

        private final Cpus cpus = new Cpus(2, Clock.REAL);
        private final long lock = GuestSlots.take();
        private final long data = lock + 32;

        private int take(Cpu cpu) {
            if (LOCKS.lock(cpu, lock, CLASS) != 0) {
                return -1;
            }
            int before = GuestMemory.getInt(data);
            GuestMemory.putInt(data, before + 1);
            LOCKS.unlock(cpu, lock);
            return before;
        }

        @Actor
        public void first(III_Result result) {
            result.r1 = take(cpus.get(0));
        }

        @Actor
        public void second(III_Result result) {
            result.r2 = take(cpus.get(1));
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = GuestMemory.getInt(data);
        }
    }

    /** The owner lets go of guest memory; the CPU that then gets the lock reads what the owner wrote. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The lock was not free yet.")
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Taken, with the owner's data.")
    @Outcome(expect = FORBIDDEN, desc = "Taken, without the owner's data.")
    @State
    public static class HandOverInGuestMemory {
        private final long lock = GuestSlots.take();
        private final long data = lock + 32;

        public HandOverInGuestMemory() {
            GuestMemory.putInt(lock, LockWord.LOCKED);
        }

        @Actor
        public void owner() {
            GuestMemory.putInt(data, 7);
            GuestWords.setByteRelease(lock, (byte) 0);
        }

        @Actor
        public void next(II_Result result) {
            if (GuestWords.compareAndExchangeIntAcquire(lock, 0, LockWord.LOCKED) == 0) {
                result.r1 = 1;
                result.r2 = GuestMemory.getInt(data);
            }
        }
    }

    /** The same with the word in a field. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The lock was not free yet.")
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Taken, with the owner's data.")
    @Outcome(expect = FORBIDDEN, desc = "Taken, without the owner's data.")
    @State
    public static class HandOverInAField {
        private final IntWord lock = new IntWord("lock");
        private int data;

        public HandOverInAField() {
            lock.setPlain(LockWord.LOCKED);
        }

        @Actor
        public void owner() {
            data = 7;
            lock.setRelease(0);
        }

        @Actor
        public void next(II_Result result) {
            if (lock.compareAndExchangeAcquire(0, LockWord.LOCKED) == 0) {
                result.r1 = 1;
                result.r2 = data;
            }
        }
    }

    /** The pending waiter takes over with a plain enough store: its acquiring load of the locked byte is what orders. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The owner has not let go yet.")
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Taken, with the owner's data.")
    @Outcome(expect = FORBIDDEN, desc = "Taken, without the owner's data.")
    @State
    public static class PendingTakesOver {
        private final long lock = GuestSlots.take();
        private final long data = lock + 32;

        public PendingTakesOver() {
            GuestMemory.putInt(lock, LockWord.PENDING | LockWord.LOCKED);
        }

        @Actor
        public void owner() {
            GuestMemory.putInt(data, 7);
            GuestWords.setByteRelease(lock, (byte) 0);
        }

        @Actor
        public void pending(II_Result result) {
            if (GuestWords.getByteAcquire(lock) == 0) {
                GuestWords.setShortOpaque(lock, (short) LockWord.LOCKED);
                result.r1 = 1;
                result.r2 = GuestMemory.getInt(data);
            }
        }
    }

    /** Byte stores and read-modify-writes of the whole word at the same time lose nothing of each other. */
    @JCStressTest
    @Outcome(
            id = "257, 65792, 0",
            expect = ACCEPTABLE,
            desc = "Pending was set, the lock let go, a waiter queued: (n,1,0).")
    @Outcome(id = "1, 65792, 0", expect = ACCEPTABLE, desc = "The same in another order.")
    @Outcome(id = "0, 65792, 0", expect = ACCEPTABLE, desc = "The same in another order.")
    @Outcome(id = "65537, 65792, 0", expect = ACCEPTABLE, desc = "The same in another order.")
    @Outcome(id = "65536, 65792, 0", expect = ACCEPTABLE, desc = "The same in another order.")
    @Outcome(expect = FORBIDDEN, desc = "One of the three was lost.")
    @State
    public static class MixedSizes {
        private static final int TAIL = 1 << 16;

        private final long lock = GuestSlots.take();

        public MixedSizes() {
            GuestMemory.putInt(lock, LockWord.LOCKED);
        }

        @Actor
        public void owner() {
            GuestWords.setByteRelease(lock, (byte) 0);
        }

        @Actor
        public void pending(III_Result result) {
            result.r1 = GuestWords.getAndBitwiseOrInt(lock, LockWord.PENDING);
        }

        @Actor
        public void queued() {
            int word = GuestWords.getIntOpaque(lock);
            for (int seen; ; word = seen) {
                seen = GuestWords.compareAndExchangeInt(lock, word, word & LockWord.LOCKED_PENDING_MASK | TAIL);
                if (seen == word) {
                    return;
                }
            }
        }

        @Arbiter
        public void after(III_Result result) {
            result.r2 = GuestMemory.getInt(lock);
        }
    }
}
