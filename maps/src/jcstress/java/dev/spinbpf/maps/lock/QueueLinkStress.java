package dev.spinbpf.maps.lock;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.spinbpf.maps.cpu.QueueNode;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The links of the queue: a waiter resets its node and links itself behind its predecessor with release order; the predecessor finds
 * it with acquire order and tells it to be the head with release order. What it is told must not be lost to the reset, and it
 * sees what the predecessor did before.
 */
public final class QueueLinkStress {
    private static final int HEAD = 1;

    private QueueLinkStress() {}

    /** With the queue nodes themselves. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Not told yet.")
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Told, and sees the predecessor's data.")
    @Outcome(expect = FORBIDDEN, desc = "Told, without the predecessor's data.")
    @State
    public static class InFields {
        private final QueueNode predecessor = new QueueNode();
        private final QueueNode waiter = new QueueNode();
        private int data;

        public InFields() {
            // What an earlier wait has left.
            waiter.locked().setPlain(HEAD);
        }

        @Actor
        public void waiter(II_Result result) {
            waiter.locked().setOpaque(0);
            waiter.next().setOpaque(null);
            predecessor.next().setRelease(waiter);
            if (waiter.locked().getAcquire() == HEAD) {
                result.r1 = 1;
                result.r2 = data;
            }
        }

        @Actor
        public void predecessor() {
            QueueNode next = predecessor.next().getAcquire();
            if (next != null) {
                data = 7;
                next.locked().setRelease(HEAD);
            }
        }
    }

    /** The value that the waiter was passed is still there in the end. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Not found, not told.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Found, and told.")
    @Outcome(expect = FORBIDDEN, desc = "The reset came after the telling: the waiter would wait for ever.")
    @State
    public static class NotLostToTheReset {
        private final QueueNode predecessor = new QueueNode();
        private final QueueNode waiter = new QueueNode();

        public NotLostToTheReset() {
            waiter.locked().setPlain(2);
        }

        @Actor
        public void waiter() {
            waiter.locked().setOpaque(0);
            waiter.next().setOpaque(null);
            predecessor.next().setRelease(waiter);
        }

        @Actor
        public void predecessor(II_Result result) {
            QueueNode next = predecessor.next().getAcquire();
            if (next != null) {
                result.r1 = 1;
                next.locked().setRelease(HEAD);
            }
        }

        @org.openjdk.jcstress.annotations.Arbiter
        public void after(II_Result result) {
            result.r2 = waiter.locked().getPlain();
        }
    }

    /** The same links as words of guest memory. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Not told yet.")
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Told, and sees the predecessor's data.")
    @Outcome(expect = FORBIDDEN, desc = "Told, without the predecessor's data.")
    @State
    public static class InGuestMemory {
        private final long predecessorNext = GuestSlots.take();
        private final long waiterLocked = predecessorNext + 16;
        private final long data = predecessorNext + 32;

        public InGuestMemory() {
            GuestMemory.putInt(waiterLocked, HEAD);
        }

        @Actor
        public void waiter(II_Result result) {
            GuestWords.setIntOpaque(waiterLocked, 0);
            GuestWords.setLongRelease(predecessorNext, waiterLocked);
            if (GuestWords.getIntAcquire(waiterLocked) == HEAD) {
                result.r1 = 1;
                result.r2 = GuestMemory.getInt(data);
            }
        }

        @Actor
        public void predecessor() {
            long next = GuestWords.getLongAcquire(predecessorNext);
            if (next != 0) {
                GuestMemory.putInt(data, 7);
                GuestWords.setIntRelease(next, HEAD);
            }
        }
    }
}
