package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.QueueNode;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import org.jspecify.annotations.Nullable;

/**
 * The resilient queued spin lock, as Linux 7.2 has it in {@code kernel/bpf/rqspinlock.c}.
 *
 * <pre>
 *              fast      :    slow                                  :    unlock
 *                        :                                          :
 * uncontended  (0,0,0) --:--> (0,0,1) ------------------------------:--> (*,*,0)
 *                        :       | ^--------.------.             /  :
 *                        :       v           \      \            |  :
 * pending                :    (0,1,1) +--> (0,1,0)   \           |  :
 *                        :       | ^--'              |           |  :
 *                        :       v                   |           |  :
 * uncontended queue      :    (n,x,y) +--> (n,0,0) --'           |  :
 *                        :       | ^--'                          |  :
 *                        :       v                               |  :
 * contended queue        :    (*,x,y) +--> (*,0,0) ---> (*,0,1) -'  :
 * </pre>
 *
 * <p>The first who finds the lock taken waits as the <em>pending</em> waiter, on the word. All others queue, each on a node of its
 * own CPU; the one at the front is the <em>head</em> and waits, on the word, for owner and pending waiter to go. These two check for
 * deadlocks and time; a waiter behind the head checks nothing and is told by its predecessor to be the head, or that the queue
 * is dissolved. A head that gives up because of a deadlock makes its successor the head: the lock works, only this CPU must
 * not wait. A head that times out dissolves the whole queue: the lock does not work, and nobody need wait for that to show again.
 */
public final class RqSpinLock extends ResilientLock {
    /** How long the pending waiter waits for the owner: {@code RES_DEF_TIMEOUT}. */
    public static final long PENDING_TIMEOUT_NANOS = 250_000_000;

    /** How long the head waits for the owner and the pending waiter, one after the other. */
    public static final long HEAD_TIMEOUT_NANOS = 2 * PENDING_TIMEOUT_NANOS;

    // _Q_PENDING_LOOPS of x86. How long that takes does not matter in simulation, where others make any number of steps
    // between looks.
    private static final int HAND_OVER_LOOKS = 1 << 9;
    private static final int HAND_OVER_LOOKS_SIMULATED = 2;

    private static final int HEAD = 1;
    private static final int DISSOLVED = 2;

    public RqSpinLock(LockStats stats) {
        super(stats);
    }

    @Override
    int tryFast(long lock) {
        // 0,0,0 → 0,0,1
        return GuestWords.compareAndExchangeIntAcquire(lock, 0, LockWord.LOCKED);
    }

    @Override
    LockOutcome acquireSlowly(Cpu cpu, long lock, int seen) {
        int word = awaitHandOver(cpu, lock, seen);
        if ((word & ~LockWord.LOCKED_MASK) != 0) {
            return queue(cpu, lock);
        }
        // 0,0,* → 0,1,*
        word = GuestWords.getAndBitwiseOrInt(lock, LockWord.PENDING);
        if ((word & ~LockWord.LOCKED_MASK) != 0) {
            if ((word & LockWord.PENDING_MASK) == 0) {
                clearPending(lock);
            }
            return queue(cpu, lock);
        }
        return awaitOwnerAsPending(cpu, lock, word);
    }

    /** While the pending waiter is about to become the owner, gives it a moment: 0,1,0 → 0,0,1. Returns the word then seen. */
    private static int awaitHandOver(Cpu cpu, long lock, int seen) {
        int word = seen;
        int most = SchedulePoint.isSimulated() ? HAND_OVER_LOOKS_SIMULATED : HAND_OVER_LOOKS;
        for (int looks = 0; word == LockWord.PENDING && looks < most; looks++) {
            cpu.relax(0);
            cpu.poll();
            word = GuestWords.getIntOpaque(lock);
        }
        return word;
    }

    /** *,1,* → *,0,* */
    private static void clearPending(long lock) {
        GuestWords.setByteOpaque(lock + 1, (byte) 0);
    }

    private LockOutcome awaitOwnerAsPending(Cpu cpu, long lock, int word) {
        if ((word & LockWord.LOCKED_MASK) != 0) {
            LockOutcome failure = awaitOwner(cpu, lock);
            if (failure != null) {
                clearPending(lock);
                return failure;
            }
        }
        // *,1,0 → *,0,1
        GuestWords.setShortOpaque(lock, (short) LockWord.LOCKED);
        cpu.poll();
        return LockOutcome.PENDING;
    }

    /** Waits as the pending waiter: *,1,1 → *,1,0. Returns why it gave up, or null. */
    private @Nullable LockOutcome awaitOwner(Cpu cpu, long lock) {
        var waiting = new Waiting(deadlockCheck(), PENDING_TIMEOUT_NANOS, LockWord.LOCKED_MASK);
        while (GuestWords.getByteAcquire(lock) != 0) {
            LockOutcome failure = waiting.look(cpu, lock);
            if (failure != null) {
                return failure;
            }
            GuestWords.waitFor(lock);
            cpu.relax(waiting.turns());
            cpu.poll();
        }
        return null;
    }

    /**
     * Waits in the queue. AA is checked before, because a waiter behind the head checks nothing and its head might be waiting for
     * the very context that this one interrupts.
     */
    private LockOutcome queue(Cpu cpu, long lock) {
        if (deadlockCheck().isAa(cpu, lock)) {
            return LockOutcome.AA;
        }
        int index = cpu.takeNodeIndex();
        cpu.fire(HookPoint.CONTENTION_BEGIN, lock, HookPoint.FLAG_SPIN);
        LockOutcome outcome;
        if (index >= Cpu.NODES || (cpu.inNmi() && index > 0)) {
            // A waiter below on this CPU cannot move on before this one ends, and would be waited for in turn.
            outcome = tryLock(lock) ? LockOutcome.TRYLOCK : LockOutcome.NO_NODE;
        } else {
            outcome = queueWith(cpu, lock, index);
        }
        cpu.fire(HookPoint.CONTENTION_END, lock, outcome.result());
        cpu.giveNodeBack();
        return outcome;
    }

    /** 0,0,0 → 0,0,1 */
    private static boolean tryLock(long lock) {
        return GuestWords.getIntOpaque(lock) == 0
                && GuestWords.compareAndExchangeIntAcquire(lock, 0, LockWord.LOCKED) == 0;
    }

    private LockOutcome queueWith(Cpu cpu, long lock, int index) {
        QueueNode node = cpu.node(index);
        node.locked().setOpaque(0);
        node.next().setOpaque(null);
        if (tryLock(lock)) {
            return LockOutcome.TRYLOCK;
        }
        int tail = LockWord.encodeTail(cpu.id(), index);
        // p,*,* → n,*,*
        int before = exchangeTail(lock, tail);
        if ((before & LockWord.TAIL_MASK) != 0) {
            QueueNode predecessor = cpu.cpus().get(LockWord.tailCpu(before)).node(LockWord.tailIndex(before));
            predecessor.next().setRelease(node);
            if (awaitPredecessor(cpu, node) == DISSOLVED) {
                return dissolve(cpu, lock, tail, node);
            }
        }
        return waitAsHead(cpu, lock, tail, node);
    }

    private static int exchangeTail(long lock, int tail) {
        int word = GuestWords.getIntOpaque(lock);
        while (true) {
            int seen = GuestWords.compareAndExchangeInt(lock, word, word & LockWord.LOCKED_PENDING_MASK | tail);
            if (seen == word) {
                return word;
            }
            word = seen;
        }
    }

    /** n,*,* → 0,*,*, unless somebody has queued behind. */
    private static boolean tryClearTail(long lock, int tail) {
        int word = GuestWords.getIntOpaque(lock);
        while ((word & LockWord.TAIL_MASK) == tail) {
            int seen = GuestWords.compareAndExchangeInt(lock, word, word & LockWord.LOCKED_PENDING_MASK);
            if (seen == word) {
                return true;
            }
            word = seen;
        }
        return false;
    }

    private static int awaitPredecessor(Cpu cpu, QueueNode node) {
        int told = node.locked().getAcquire();
        for (int turns = 0; told == 0; turns++) {
            node.locked().waitFor();
            cpu.relax(turns);
            cpu.poll();
            told = node.locked().getAcquire();
        }
        return told;
    }

    private static QueueNode awaitSuccessor(Cpu cpu, QueueNode node) {
        QueueNode next = node.next().getAcquire();
        for (int turns = 0; next == null; turns++) {
            node.next().waitFor();
            cpu.relax(turns);
            cpu.poll();
            next = node.next().getAcquire();
        }
        return next;
    }

    private LockOutcome waitAsHead(Cpu cpu, long lock, int tail, QueueNode node) {
        // *,x,y → *,0,0
        var waiting = new Waiting(deadlockCheck(), HEAD_TIMEOUT_NANOS, LockWord.LOCKED_PENDING_MASK);
        int word = GuestWords.getIntAcquire(lock);
        while ((word & LockWord.LOCKED_PENDING_MASK) != 0) {
            LockOutcome failure = waiting.look(cpu, lock);
            if (failure == LockOutcome.TIMEOUT) {
                return dissolve(cpu, lock, tail, node);
            }
            if (failure != null) {
                passHeadshipOn(cpu, lock, tail, node);
                return failure;
            }
            GuestWords.waitFor(lock);
            cpu.relax(waiting.turns());
            cpu.poll();
            word = GuestWords.getIntAcquire(lock);
        }
        claim(cpu, lock, tail, node, word);
        return LockOutcome.QUEUED;
    }

    /** Takes the lock as the head that has seen it free, and makes the successor the head. */
    private static void claim(Cpu cpu, long lock, int tail, QueueNode node, int word) {
        // n,0,0 → 0,0,1: nobody behind, and nobody pending since
        if ((word & LockWord.TAIL_MASK) == tail
                && GuestWords.compareAndExchangeInt(lock, word, LockWord.LOCKED) == word) {
            return;
        }
        // *,*,0 → *,*,1
        GuestWords.setByteOpaque(lock, (byte) LockWord.LOCKED);
        awaitSuccessor(cpu, node).locked().setRelease(HEAD);
    }

    /** Leaves the queue whole: n,*,* → 0,*,*, or the successor is the head. */
    private static void passHeadshipOn(Cpu cpu, long lock, int tail, QueueNode node) {
        if (!tryClearTail(lock, tail)) {
            awaitSuccessor(cpu, node).locked().setRelease(HEAD);
        }
    }

    /** Leaves a queue that ends: n,*,* → 0,*,*, or the successor is told to do the same. */
    private static LockOutcome dissolve(Cpu cpu, long lock, int tail, QueueNode node) {
        if (!tryClearTail(lock, tail)) {
            awaitSuccessor(cpu, node).locked().setOpaque(DISSOLVED);
        }
        return LockOutcome.TIMEOUT;
    }
}
