package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.QueueNode;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import org.jspecify.annotations.Nullable;

/**
 * The resilient queued spin lock, with the behaviour of {@code rqspinlock_t} in Linux 7.2.
 *
 * <p>An attempt that does not find the lock free takes one of three roles, and what it waits for and which waiter looks
 * after it follow from the role. Each step on the lock word is a row of the table at {@link LockWord}.
 *
 * <table>
 *   <caption>Roles</caption>
 *   <tr><th>role</th><th>how one comes to it</th><th>waits for</th><th>leaves it</th></tr>
 *   <tr><td>pending waiter</td><td>{@code announce}, where nobody else waited</td><td>the owner, on the lock word</td>
 *       <td>{@code inherit}; {@code withdraw} where it fails</td></tr>
 *   <tr><td>waiter in the queue</td><td>{@code join}, on a node of its CPU, and a link from its predecessor's node</td>
 *       <td>a word from the predecessor, on its own node</td><td>told to be the head, or that the queue is
 *           dissolved</td></tr>
 *   <tr><td>head of the queue</td><td>{@code join} an empty queue, or told by the predecessor</td>
 *       <td>owner and pending waiter, on the lock word</td>
 *       <td>{@code claimAsLast} or {@code claim}; {@code leaveAsLast} where it fails; tells its successor</td></tr>
 * </table>
 *
 * <p>What must hold:
 *
 * <ul>
 *   <li>There is at most one pending waiter and one head, and these two alone look for deadlocks and at the clock. A
 *       waiter in the queue relies on its head. It looks for AA once, before it queues, because that head might wait
 *       for the very context that this attempt interrupts.
 *   <li>Only the waiter that has set the pending byte clears it. An announcement that turns out to come second is
 *       withdrawn if the byte was clear before, and left alone otherwise.
 *   <li>A head that gives up because of a deadlock makes its successor the head: the lock works, only this CPU must not
 *       wait. A head that times out dissolves the queue: the lock does not work, and nobody need wait for that to show
 *       again.
 *   <li>A waiter that an NMI has interrupted cannot go on before the NMI ends, so an NMI must not queue where its CPU
 *       has a waiter in a queue already. There and where all nodes are in use, an attempt takes the lock if that is
 *       free, and fails otherwise.
 * </ul>
 */
public final class RqSpinLock extends LockAlgorithm {
    /** Longest wait of the pending waiter for the owner: {@code RES_DEF_TIMEOUT}. */
    public static final long PENDING_TIMEOUT_NANOS = 250_000_000;

    /** Longest wait of the head for the owner and the pending waiter, one after the other. */
    public static final long HEAD_TIMEOUT_NANOS = 2 * PENDING_TIMEOUT_NANOS;

    // As many looks as on x86. The time that they take does not matter in simulation, where others make any number of
    // steps between two looks.
    private static final int INHERITANCE_LOOKS = 1 << 9;
    private static final int INHERITANCE_LOOKS_SIMULATED = 2;

    // Words that a predecessor leaves on a node.
    private static final int WAIT = 0;
    private static final int HEAD = 1;
    private static final int DISSOLVED = 2;

    public RqSpinLock(LockStats stats) {
        super(stats);
    }

    @Override
    int tryFast(long lock) {
        return LockWord.take(lock);
    }

    @Override
    LockEnd acquireSlowly(Cpu cpu, long lock, int seen) {
        if (LockWord.hasWaiters(awaitInheritance(cpu, lock, seen))) {
            return queue(cpu, lock);
        }
        int before = LockWord.announce(lock);
        if (!LockWord.hasWaiters(before)) {
            return waitAsPending(cpu, lock, before);
        }
        if (!LockWord.isPending(before)) {
            LockWord.withdraw(lock);
        }
        return queue(cpu, lock);
    }

    /**
     * Waits a moment where a free lock has only a pending waiter, which is about to inherit it: this attempt may then
     * be pending itself. Returns the word as last seen.
     */
    private static int awaitInheritance(Cpu cpu, long lock, int seen) {
        int word = seen;
        int looks = SchedulePoint.isSimulated() ? INHERITANCE_LOOKS_SIMULATED : INHERITANCE_LOOKS;
        for (; word == LockWord.PENDING && looks > 0; looks--) {
            cpu.relax(0);
            cpu.poll();
            word = GuestWords.getIntOpaque(lock);
        }
        return word;
    }

    // The pending waiter.

    private LockEnd waitAsPending(Cpu cpu, long lock, int word) {
        LockOutcome failure = LockWord.isLocked(word) ? awaitOwner(cpu, lock) : null;
        if (failure != null) {
            LockWord.withdraw(lock);
            return LockEnd.gaveUp(failure, LockPath.PENDING);
        }
        LockWord.inherit(lock);
        cpu.poll();
        return LockEnd.PENDING;
    }

    /** Waits until the owner's byte is 0. Returns the reason to give up, or null. */
    private @Nullable LockOutcome awaitOwner(Cpu cpu, long lock) {
        var waiting = new Waiting(deadlockCheck(), PENDING_TIMEOUT_NANOS, LockWord.LOCKED_MASK);
        while (GuestWords.getByteAcquire(lock) != 0) {
            LockOutcome failure = waiting.turn(cpu, lock);
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    // The queue.

    private LockEnd queue(Cpu cpu, long lock) {
        if (deadlockCheck().isAa(cpu, lock)) {
            return LockEnd.AA_ENQUEUE;
        }
        int index = cpu.takeNodeIndex();
        cpu.fire(HookPoint.CONTENTION_BEGIN, lock, HookPoint.FLAG_SPIN);
        LockEnd end;
        if (mayQueue(cpu, index)) {
            end = queueOrLeave(cpu, lock, index);
        } else {
            end = LockWord.takeIfFree(lock) ? LockEnd.TRYLOCK : LockEnd.NO_NODE;
        }
        cpu.fire(HookPoint.CONTENTION_END, lock, end.outcome().result());
        cpu.giveNodeBack();
        return end;
    }

    private LockEnd queueOrLeave(Cpu cpu, long lock, int index) {
        try {
            return queueOn(cpu, lock, index);
        } catch (DeadlockException e) {
            cpu.giveNodeBack();
            throw e;
        }
    }

    private static boolean mayQueue(Cpu cpu, int index) {
        return index == 0 || index < Cpu.NODES && !cpu.inNmi();
    }

    private LockEnd queueOn(Cpu cpu, long lock, int index) {
        QueueNode node = cpu.node(index);
        node.locked().setOpaque(WAIT);
        node.next().setOpaque(null);
        if (LockWord.takeIfFree(lock)) {
            return LockEnd.TRYLOCK;
        }
        int tail = LockWord.tail(cpu.id(), index);
        int before = LockWord.join(lock, tail);
        if (LockWord.hasTail(before) && awaitTurn(cpu, index, before) == DISSOLVED) {
            return dissolve(cpu, lock, tail, node, LockEnd.TIMEOUT_QUEUE);
        }
        return waitAsHead(cpu, lock, tail, node);
    }

    /** Returns true where a waiter in the queue has not been told yet that it is the head, or that the queue is dissolved. */
    static boolean isUntold(Cpu cpu, int index) {
        return cpu.node(index).locked().getAcquire() == WAIT;
    }

    /** Links a node to its predecessor, which is the word's tail, and waits for what that says: HEAD or DISSOLVED. */
    private static int awaitTurn(Cpu cpu, int index, int word) {
        QueueNode node = cpu.node(index);
        QueueNode predecessor = cpu.cpus().get(LockWord.tailCpu(word)).node(LockWord.tailIndex(word));
        predecessor.next().setRelease(node);
        cpu.lockWaits().queuedBehind(LockWord.tailCpu(word), index);
        var watch = new WaitRing.Watch();
        int told = node.locked().getAcquire();
        for (int turns = 0; told == WAIT; turns++) {
            watch.turn(cpu, turns);
            node.locked().waitFor();
            cpu.relax(turns);
            cpu.poll();
            told = node.locked().getAcquire();
        }
        cpu.lockWaits().first();
        return told;
    }

    private LockEnd waitAsHead(Cpu cpu, long lock, int tail, QueueNode node) {
        var waiting = new Waiting(deadlockCheck(), HEAD_TIMEOUT_NANOS, LockWord.LOCKED_PENDING_MASK);
        int word = GuestWords.getIntAcquire(lock);
        while ((word & LockWord.LOCKED_PENDING_MASK) != 0) {
            LockOutcome failure = waiting.turn(cpu, lock);
            if (failure != null) {
                return giveUpAsHead(cpu, lock, tail, node, failure);
            }
            word = GuestWords.getIntAcquire(lock);
        }
        if (!LockWord.claimAsLast(lock, word, tail)) {
            LockWord.claim(lock);
            successor(cpu, node).locked().setRelease(HEAD);
        }
        return LockEnd.QUEUED;
    }

    private static LockEnd giveUpAsHead(Cpu cpu, long lock, int tail, QueueNode node, LockOutcome failure) {
        if (failure == LockOutcome.TIMEOUT) {
            return dissolve(cpu, lock, tail, node, LockEnd.TIMEOUT_HEAD);
        }
        if (!LockWord.leaveAsLast(lock, tail)) {
            successor(cpu, node).locked().setRelease(HEAD);
        }
        return LockEnd.gaveUp(failure, LockPath.HEAD);
    }

    /** Leaves a queue that ends; the successor, if there is one, is told to do the same. */
    private static LockEnd dissolve(Cpu cpu, long lock, int tail, QueueNode node, LockEnd end) {
        if (!LockWord.leaveAsLast(lock, tail)) {
            successor(cpu, node).locked().setOpaque(DISSOLVED);
        }
        return end;
    }

    /**
     * Returns the node of the next waiter in the queue, which has joined but may still have to link itself. Waits as
     * awaitTurn does, on a word of another type.
     */
    private static QueueNode successor(Cpu cpu, QueueNode node) {
        QueueNode next = node.next().getAcquire();
        for (int turns = 0; next == null; turns++) {
            node.next().waitFor();
            cpu.relax(turns);
            cpu.poll();
            next = node.next().getAcquire();
        }
        return next;
    }
}
