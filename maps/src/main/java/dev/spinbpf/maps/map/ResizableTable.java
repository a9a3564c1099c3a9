package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * A table of buckets that grows and shrinks while it is in use: what {@code rhashtable} is to Linux.
 *
 * <p>There is the <em>current</em> table and, while it is being resized, the <em>future</em> one. Elements move bucket
 * by bucket, the last of a bucket first, each linked into the future table before it leaves the current one; whoever
 * changes the map moves a few buckets as well, so nobody waits for a resize. When all buckets are empty the future
 * table becomes the current one. A resize begins in three steps: the future table is published, then the generation is
 * raised, then buckets may move. So
 *
 * <ul>
 *   <li>a reader that has read the generation, the future table and the current one, in this order, and looks through
 *       the current table first, misses an element only if a resize has begun meanwhile, which the generation tells;
 *   <li>a writer holds the lock of the key's bucket in the current table, where an element stays or from where it
 *       moves, and of that in the future table where there is one. It looks at the three words again once it holds a
 *       lock.
 * </ul>
 *
 * <p>Bucket locks are ordinary locks, as in Linux, taken with interrupts disabled and with the guard raised that keeps
 * tracing programs in NMIs away. A list ends in a word that is odd and names its bucket (or in 0, if the bucket was
 * never used). Tables are kept for their size when they are no longer needed, because readers may still be in them.
 *
 * <pre>
 *   control:  current(8) future(8) generation(8) cursor(8) moved(8) resizing(4)
 *   table:    size(8) -(8), then for each bucket: list(8) lock(4) -(4)
 * </pre>
 */
final class ResizableTable {
    static final int NEXT = 0;
    static final int HASH = 16;

    private static final int SMALLEST = 4;
    private static final long LARGEST = 1L << 31;
    private static final int MOVES_WHEN_GROWING = 4;
    private static final int MOVES_WHEN_SHRINKING = 16;

    private static final int CONTROL_SIZE = 64;
    private static final int FUTURE = 8;
    private static final int GENERATION = 16;
    private static final int CURSOR = 24;
    private static final int MOVED = 32;
    private static final int RESIZING = 40;
    private static final long NO_BUCKET = 0xffffffffL;

    private static final int TABLE_HEADER = 16;
    private static final int BUCKET_SHIFT = 4;
    private static final int BUCKET_LOCK = 8;

    private final GuestArena arena;
    private final LockClass bucketLocks;
    private final long control;
    private final long[] retiredBySizeLog = new long[Integer.SIZE];

    ResizableTable(GuestArena arena, LockClass bucketLocks, long size) {
        this.arena = arena;
        this.bucketLocks = bucketLocks;
        control = arena.allocate(CONTROL_SIZE, CONTROL_SIZE);
        long first = arena.allocate(TABLE_HEADER + (size << BUCKET_SHIFT), 64);
        GuestMemory.putLong(first, size);
        GuestMemory.putLong(control, first);
        GuestMemory.putLong(control + CURSOR, NO_BUCKET);
    }

    // Reading.

    /** Returns how many resizes have begun; to be read first. */
    long generation() {
        return GuestWords.getLongAcquire(control + GENERATION);
    }

    /** The future table, or 0; to be read second. */
    long future() {
        return GuestWords.getLongAcquire(control + FUTURE);
    }

    /** The current table; to be read last. */
    long current() {
        return GuestWords.getLongAcquire(control);
    }

    static long size(long table) {
        return GuestMemory.getLong(table);
    }

    static long bucket(long table, int hash) {
        return bucketAt(table, hash & size(table) - 1);
    }

    static long bucketAt(long table, long index) {
        return table + TABLE_HEADER + (index << BUCKET_SHIFT);
    }

    static boolean isEnd(long element) {
        return element == 0 || (element & 1) != 0;
    }

    /** Returns true where a walk along a bucket's list ended where it should, rather than in another bucket's list. */
    static boolean isEndOf(long bucket, long element) {
        return element == 0 || element == (bucket | 1);
    }

    static long first(long bucket) {
        return GuestWords.getLongAcquire(bucket);
    }

    static long next(long element) {
        return GuestWords.getLongAcquire(element + NEXT);
    }

    // Writing.

    /** Takes the lock of a bucket of the current table; the guard, interrupts and preemption go with it. */
    long lock(Cpu cpu, long bucket) {
        cpu.enterGuard();
        return PlainSpinLock.lockInside(cpu, bucket + BUCKET_LOCK, bucketLocks);
    }

    void unlock(Cpu cpu, long bucket, long irqFlags) {
        PlainSpinLock.unlockInside(cpu, bucket + BUCKET_LOCK, irqFlags);
        cpu.leaveGuard();
    }

    /** Returns true where what was read is still so: asked with the current table's bucket locked. */
    boolean isStill(long generation, long future, long current) {
        return generation() == generation && future() == future && current() == current;
    }

    /**
     * Takes the lock of the future table's bucket as well, unless that table is itself being resized by now. Nobody
     * waits here for one that waits for the bucket that is locked already, because those belong to a later resize.
     */
    boolean lockFuture(Cpu cpu, long bucket, long generation, long future) {
        for (int turns = 0; !PlainSpinLock.tryLockInside(cpu, bucket + BUCKET_LOCK, bucketLocks); turns++) {
            if (generation() != generation) {
                return false;
            }
            GuestWords.waitFor(bucket + BUCKET_LOCK);
            cpu.relax(turns);
        }
        long futureNow = future();
        if (generation() == generation && (futureNow == future || futureNow == 0)) {
            return true;
        }
        unlockFuture(cpu, bucket);
        return false;
    }

    void unlockFuture(Cpu cpu, long bucket) {
        PlainSpinLock.releaseInside(cpu, bucket + BUCKET_LOCK);
    }

    /** Puts an element first, under the bucket's lock. */
    static void insert(long bucket, long element) {
        long first = GuestMemory.getLong(bucket);
        GuestMemory.setLongOpaque(element + NEXT, first == 0 ? bucket | 1 : first);
        GuestWords.setLongRelease(bucket, element);
    }

    /** Takes an element out, under the bucket's lock; it keeps its next, for readers that stand on it. */
    static void unlink(long bucket, long element) {
        long at = bucket;
        while (GuestMemory.getLong(at) != element) {
            at = GuestMemory.getLong(at) + NEXT;
        }
        GuestWords.setLongRelease(at, GuestMemory.getLong(element + NEXT));
    }

    // Resizing.

    /** The size of a table to begin with: {@code rounded_hashtable_size}. */
    static long initialSize(long elementHint) {
        return elementHint == 0 ? 64 : Math.max(HashTableMap.bucketCount(elementHint * 4 / 3), SMALLEST);
    }

    /**
     * Moves some buckets if the table is being resized; begins to resize it if it holds too many or too few elements.
     */
    void maintain(Cpu cpu, long elements) {
        long next = future();
        int moves = next != 0 && size(next) < size(current()) ? MOVES_WHEN_SHRINKING : MOVES_WHEN_GROWING;
        for (int i = 0; i < moves && moveBucket(cpu); i++) {
            cpu.poll();
        }
        long wanted = wantedSize(elements, size(current()));
        if (wanted != 0 && future() == 0) {
            resize(wanted, elements);
        }
    }

    /** {@code rht_grow_above_75}, {@code rht_shrink_below_30}: 0 if the size is right. */
    private static long wantedSize(long elements, long size) {
        if (elements > size / 4 * 3 && size < LARGEST) {
            return size * 2;
        }
        if (elements * 10 < size * 3 && size > SMALLEST) {
            long smaller = Math.max(HashTableMap.bucketCount(elements * 3 / 2), SMALLEST);
            return smaller < size ? smaller : 0;
        }
        return 0;
    }

    private void resize(long size, long elements) {
        if (GuestWords.compareAndExchangeIntAcquire(control + RESIZING, 0, 1) != 0) {
            return;
        }
        long table = wantedSize(elements, size(current())) == size ? table(size) : 0;
        if (table == 0) {
            GuestWords.setIntRelease(control + RESIZING, 0);
            return;
        }
        GuestMemory.putLong(control + MOVED, 0);
        GuestWords.setLongRelease(control + FUTURE, table);
        long generation = GuestMemory.getLong(control + GENERATION) + 1;
        GuestWords.setLongRelease(control + GENERATION, generation);
        GuestWords.setLongRelease(control + CURSOR, generation << Integer.SIZE);
    }

    /** A table of a size; 0 if there is no memory, then the old one has to do. */
    private long table(long size) {
        int log = Long.numberOfTrailingZeros(size);
        long table = retiredBySizeLog[log];
        if (table == 0) {
            table = arena.tryAllocate(TABLE_HEADER + (size << BUCKET_SHIFT), 64);
            if (table != 0) {
                GuestMemory.putLong(table, size);
            }
        }
        retiredBySizeLog[log] = 0;
        return table;
    }

    /** Moves the elements of one bucket; false if there is none left to move, or none now. */
    private boolean moveBucket(Cpu cpu) {
        long cursor = GuestWords.getLongAcquire(control + CURSOR);
        long current = current();
        long index = cursor & NO_BUCKET;
        // The cursor holds the generation, so that it is this resize's bucket if nobody else has taken it.
        if (index >= size(current)
                || GuestWords.compareAndExchangeLong(control + CURSOR, cursor, cursor + 1) != cursor) {
            return false;
        }
        long future = future();
        long bucket = bucketAt(current, index);
        long irqFlags = lock(cpu, bucket);
        for (long first = GuestMemory.getLong(bucket); !isEnd(first); first = GuestMemory.getLong(bucket)) {
            moveLast(cpu, bucket, first, future);
        }
        unlock(cpu, bucket, irqFlags);
        long moved = GuestWords.getAndAddLong(control + MOVED, 1) + 1;
        if (moved == size(current)) {
            retiredBySizeLog[Long.numberOfTrailingZeros(size(current))] = current;
            GuestWords.setLongRelease(control + CURSOR, cursor | NO_BUCKET);
            GuestWords.setLongRelease(control, future);
            GuestWords.setLongRelease(control + FUTURE, 0);
            GuestWords.setIntRelease(control + RESIZING, 0);
        }
        return true;
    }

    private void moveLast(Cpu cpu, long bucket, long first, long future) {
        long at = bucket;
        long element = first;
        for (long next = GuestMemory.getLong(first + NEXT); !isEnd(next); next = GuestMemory.getLong(next + NEXT)) {
            at = element + NEXT;
            element = next;
        }
        long target = bucket(future, GuestMemory.getInt(element + HASH));
        for (int turns = 0; !PlainSpinLock.tryLockInside(cpu, target + BUCKET_LOCK, bucketLocks); turns++) {
            GuestWords.waitFor(target + BUCKET_LOCK);
            cpu.relax(turns);
        }
        long head = GuestMemory.getLong(target);
        GuestWords.setLongOpaque(element + NEXT, head == 0 ? target | 1 : head);
        GuestWords.setLongRelease(target, element);
        GuestWords.setLongRelease(at, bucket | 1);
        PlainSpinLock.releaseInside(cpu, target + BUCKET_LOCK);
    }
}
