package dev.spinbpf.maps.lock;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IJ_Result;

/** The table of held locks as another CPU reads it while its CPU writes it. */
public final class HeldTableStress {
    private static final long FIRST = 0x10010;
    private static final long SECOND = 0x7fff_ffff_0020L;

    private HeldTableStress() {}

    /** An attempt is entered: the count first, then the slot. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Not entered yet.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Counted, the slot still empty: the reader skips this CPU.")
    @Outcome(id = "1, 140737488289824", expect = ACCEPTABLE, desc = "Entered.")
    @Outcome(id = "0, 140737488289824", expect = ACCEPTABLE, desc = "Entered between the reader's two loads.")
    @Outcome(expect = FORBIDDEN, desc = "An address that nobody wrote.")
    @State
    public static class Enter {
        private final HeldLocks held = new HeldLocks();

        @Actor
        public void owner() {
            held.raiseCount();
            held.recordTop(SECOND);
        }

        @Actor
        public void reader(IJ_Result result) {
            result.r1 = held.countOpaque();
            result.r2 = held.lockOpaque(0);
        }
    }

    /** An entry is made before the lock is taken: a CPU that sees the lock taken finds the entry. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Not taken yet.")
    @Outcome(id = "0, 65552", expect = ACCEPTABLE, desc = "Entered, not taken yet.")
    @Outcome(id = "1, 65552", expect = ACCEPTABLE, desc = "Taken, and entered.")
    @Outcome(
            id = "1, 0",
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "Possible where a compare-and-exchange with acquire order alone does not order what came before it, as in"
                            + " Linux: another CPU misses the entry and looks again a millisecond later.")
    @Outcome(expect = FORBIDDEN, desc = "An address that nobody wrote.")
    @State
    public static class EnterThenTake {
        private final HeldLocks held = new HeldLocks();
        private final long lock = GuestSlots.take();

        @Actor
        public void owner() {
            held.raiseCount();
            held.recordTop(FIRST);
            GuestWords.compareAndExchangeIntAcquire(lock, 0, LockWord.LOCKED);
        }

        @Actor
        public void reader(IJ_Result result) {
            result.r1 = GuestWords.getIntAcquire(lock);
            result.r2 = held.lockOpaque(0);
        }
    }

    /** A failed attempt is taken off, slot before count, before a next one: it is not seen in the next one's place. */
    @JCStressTest
    @Outcome(id = "0, 140737488289824", expect = ACCEPTABLE, desc = "Before the failure.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Taken off.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The next attempt has begun, its slot is empty.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "The failed attempt shows as the next one: a deadlock would be seen that is none.")
    @State
    public static class AbandonThenEnter {
        private final HeldLocks held = new HeldLocks();
        private final long next = GuestSlots.take();

        public AbandonThenEnter() {
            held.raiseCount();
            held.recordTop(FIRST);
            held.raiseCount();
            held.recordTop(SECOND);
        }

        @Actor
        public void owner() {
            held.clearTop();
            held.lowerCount();
            held.raiseCount();
            GuestWords.setIntRelease(next, 1);
        }

        @Actor
        public void reader(IJ_Result result) {
            result.r1 = GuestWords.getIntAcquire(next);
            result.r2 = held.lockOpaque(1);
        }
    }

    /** The note of a lock's holder is removed before the lock is released: a CPU that sees the lock free sees no holder. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Held.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "About to be let go.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Free.")
    @Outcome(expect = FORBIDDEN, desc = "Free, and yet somebody holds it.")
    @State
    public static class HolderNote {
        private final HeldLocks held = new HeldLocks();
        private final long lock = GuestSlots.take();

        public HolderNote() {
            GuestMemory.putInt(lock, LockWord.LOCKED);
            held.raiseCount();
            held.recordTop(lock);
            held.noteTaken(ContextLevel.TASK, 1);
        }

        @Actor
        public void owner() {
            held.noteReleased();
            LockWord.release(lock);
            held.clearTop();
            held.lowerCount();
        }

        @Actor
        public void reader(II_Result result) {
            result.r1 = GuestWords.getIntAcquire(lock);
            result.r2 = held.levelOfHolder(lock) == null ? 0 : 1;
        }
    }
}
