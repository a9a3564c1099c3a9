package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.GuestWords;
import java.lang.invoke.VarHandle;

/**
 * A sequence counter with an associated lock: {@code seqcount_LOCKNAME_t}, with an rqspinlock as the lock. What it
 * guards is read without the lock and read again if a writer came in between.
 *
 * <p>The counter is a 64-bit word in guest memory, zero at first; it is odd while a writer, which holds the lock,
 * writes. A reader that finds it odd does not spin until it is even: the writer may be preempted, by that very reader
 * in the worst case, and would never go on. Instead the reader takes the associated lock and releases it at once, by
 * which time the writer is done. Since the lock is resilient, that ends in each case: a reader on top of the writer is
 * refused at once (AA), one whose writer does not go on after the lock's time limit.
 *
 * <pre>
 *   long start;
 *   do {
 *       start = seqCount.readBegin(cpu, sequence, lock);
 *       ... read ...
 *   } while (SeqCount.readRetry(sequence, start));
 * </pre>
 */
public final class SeqCount {
    private final LockAlgorithm locks;
    private final LockClass lockClass;

    /**
     * @param locks how the associated lock is taken
     * @param lockClass what attempts of readers to take it are counted under
     */
    public SeqCount(LockAlgorithm locks, LockClass lockClass) {
        this.locks = locks;
        this.lockClass = lockClass;
    }

    /** Begins to write; the caller holds the associated lock. */
    public static void writeBegin(long sequence) {
        GuestWords.setLongOpaque(sequence, GuestWords.getLongOpaque(sequence) + 1);
        VarHandle.storeStoreFence();
    }

    /** Ends writing; the caller still holds the associated lock. */
    public static void writeEnd(long sequence) {
        GuestWords.setLongRelease(sequence, GuestWords.getLongOpaque(sequence) + 1);
    }

    /** Returns true where a count was read while a writer was writing. */
    public static boolean isWriting(long count) {
        return (count & 1) != 0;
    }

    /**
     * Begins to read. Waits for a writer that is writing by taking the associated lock, with interrupts disabled, and
     * releasing it.
     *
     * @return the count, for {@link #readRetry}; odd only if the lock failed: the writer is under this reader on its
     *     CPU, or does not go on, and what is read now may be half written
     */
    public long readBegin(Cpu cpu, long sequence, long lock) {
        long count = GuestWords.getLongAcquire(sequence);
        while (isWriting(count)) {
            long irqFlags = cpu.irqSave();
            boolean failed = locks.lockIrqsave(cpu, lock, lockClass, irqFlags) != 0;
            if (!failed) {
                locks.unlockIrqrestore(cpu, lock, irqFlags);
            }
            count = GuestWords.getLongAcquire(sequence);
            if (failed) {
                return count;
            }
        }
        return count;
    }

    /**
     * Returns true where a writer has written since {@link #readBegin} returned {@code start}, so that what was read is
     * not to be used.
     */
    public static boolean readRetry(long sequence, long start) {
        VarHandle.loadLoadFence();
        return GuestWords.getLongOpaque(sequence) != start;
    }
}
