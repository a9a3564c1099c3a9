package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_RHASH}: a hash that begins small and grows with its elements. An update of an element that is
 * there writes in place, so a reader without BPF_F_LOCK may see a value half written, as in an array.
 *
 * <p>The locks inside are ordinary ones and do not fail: see {@link ResizableTable}. In Linux an update in place holds
 * no bucket lock; here it does, since an element that is deleted meanwhile is used again at once.
 *
 * <pre>
 *   element:  next(8) free link(8) hash(4) -(4) key value
 * </pre>
 */
final class ResizableHashMap extends BpfMap {
    private static final int FREE_NEXT = 8;
    private static final int KEY = 24;

    private static final int FREE_ATTEMPTS = 3;
    private static final long CARRIED_AWAY = -1;

    private static final int INSERTED = 1;
    private static final int GONE = 2;
    private static final long TAKE_OUT = -1;

    private final ResizableTable table;
    private final ElementCache elements;
    private final int valueOffset;
    private final int seed;
    private final long count;

    ResizableHashMap(CheckedMapDef definition) {
        super(definition);
        valueOffset = KEY + (int) Bytes.roundUp8(keySize);
        seed = environment().hashSeeds().getAsInt();
        count = arena().allocate(Long.BYTES, PercpuCounter.STRIDE);
        elements = new ElementCache(this, valueOffset + Bytes.roundUp8(valueSize), FREE_NEXT);
        table = new ResizableTable(arena(), lockClass(LockKind.BUCKET), ResizableTable.initialSize(def().mapExtra()));
    }

    /** {@code rhtab_hashfn_long} for keys of eight bytes, else the hash of all hashes. */
    private int hash(long key) {
        if (keySize == Long.BYTES) {
            long word = GuestMemory.getLong(key);
            return (int) (word ^ word >>> 32) ^ seed;
        }
        return JenkinsHash.hash(key, keySize, seed);
    }

    private boolean matches(long element, long key, int hash) {
        return GuestMemory.getInt(element + ResizableTable.HASH) == hash && Bytes.equal(element + KEY, key, keySize);
    }

    ResizableTable table() {
        return table;
    }

    ElementCache elements() {
        return elements;
    }

    @Override
    public long entryCount() {
        return GuestWords.getLongOpaque(count);
    }

    /**
     * Returns true where there are two tables; at the end of a resize the future one is the current one for a moment.
     */
    private static boolean isOther(long future, long current) {
        return future != 0 && future != current;
    }

    // Finding.

    private long find(Cpu cpu, long key, int hash) {
        while (true) {
            long generation = table.generation();
            long future = table.future();
            long current = table.current();
            long found = findFreely(cpu, ResizableTable.bucket(current, hash), key, hash);
            if (found == 0 && isOther(future, current)) {
                found = findFreely(cpu, ResizableTable.bucket(future, hash), key, hash);
            }
            if (found != 0 || table.generation() == generation) {
                return found;
            }
        }
    }

    /**
     * Looks through a bucket without its lock. A reader that ends in another bucket was carried there by an element
     * that was used again, or by one that is just being moved: the list is whole again only when that is done. So after
     * a few attempts the reader takes the lock, that whoever moves the element may go on, rather than spin.
     */
    private long findFreely(Cpu cpu, long bucket, long key, int hash) {
        for (int attempts = 0; attempts < FREE_ATTEMPTS; attempts++) {
            long found = findIn(bucket, key, hash);
            if (found != CARRIED_AWAY) {
                return found;
            }
        }
        long irqFlags = table.lock(cpu, bucket);
        long found = findIn(bucket, key, hash);
        table.unlock(cpu, bucket, irqFlags);
        return found;
    }

    /**
     * The element with this key, 0 if there is none, or {@link #CARRIED_AWAY}, which cannot be under the bucket's lock.
     */
    private long findIn(long bucket, long key, int hash) {
        long element = ResizableTable.first(bucket);
        while (!ResizableTable.isEnd(element)) {
            if (matches(element, key, hash)) {
                return element;
            }
            element = ResizableTable.next(element);
        }
        return ResizableTable.isEndOf(bucket, element) ? 0 : CARRIED_AWAY;
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        long element = find(cpu, key, hash(key));
        return element == 0 ? 0 : element + valueOffset;
    }

    // Changing.

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        if (Long.compareUnsigned(flags & ~MapFlags.BPF_F_LOCK, MapFlags.BPF_EXIST) > 0
                || (flags & MapFlags.BPF_F_LOCK) != 0 && !layout().hasSpinLock()) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        int hash = hash(key);
        int result;
        do {
            result = find(cpu, key, hash) != 0
                    ? (int) change(cpu, key, hash, value, flags, 0)
                    : putNew(cpu, key, hash, value, flags);
        } while (result == GONE);
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), key);
        return result;
    }

    private int putNew(Cpu cpu, long key, int hash, long value, long flags) {
        if ((flags & MapFlags.BPF_EXIST) != 0) {
            return -ENOENT;
        }
        if (entryCount() >= maxEntries()) {
            return -E2BIG;
        }
        long fresh = elements.allocate(cpu);
        if (fresh == 0) {
            return -ENOMEM;
        }
        Bytes.copy(key, fresh + KEY, keySize);
        layout().copy(value, fresh + valueOffset);
        GuestMemory.putInt(fresh + ResizableTable.HASH, hash);
        int result = (int) change(cpu, key, hash, value, flags, fresh);
        if (result != INSERTED) {
            elements.free(cpu, fresh);
            return result;
        }
        table.maintain(cpu, entryCount());
        return 0;
    }

    /**
     * Changes the bucket of a key, in the one or two tables that there are: the frame of all updates and deletions.
     *
     * <p>An update writes in place (returns 0) or puts the new element in ({@link #INSERTED}); {@link #GONE} if there
     * is neither an old one any more nor a new one. A deletion returns the element that it took out, or 0. Both return
     * a negative errno value if they may not.
     *
     * @param fresh the new element of an update, or 0; {@link #TAKE_OUT} for a deletion
     */
    private long change(Cpu cpu, long key, int hash, long value, long flags, long fresh) {
        while (true) {
            long generation = table.generation();
            long future = table.future();
            long current = table.current();
            long bucket = ResizableTable.bucket(current, hash);
            long irqFlags = table.lock(cpu, bucket);
            boolean valid = table.isStill(generation, future, current);
            long other = valid && isOther(future, current) ? ResizableTable.bucket(future, hash) : 0;
            valid = valid && (other == 0 || table.lockFuture(cpu, other, generation, future));
            long result = 0;
            if (valid) {
                result = fresh == TAKE_OUT
                        ? unlink(bucket, other, key, hash)
                        : putLocked(cpu, bucket, other, key, hash, value, flags, fresh);
            }
            if (valid && other != 0) {
                table.unlockFuture(cpu, other);
            }
            table.unlock(cpu, bucket, irqFlags);
            if (valid) {
                return result;
            }
            cpu.poll();
        }
    }

    private int putLocked(Cpu cpu, long bucket, long other, long key, int hash, long value, long flags, long fresh) {
        long old = findIn(bucket, key, hash);
        if (old == 0 && other != 0) {
            old = findIn(other, key, hash);
        }
        if (old != 0) {
            return updateInPlace(cpu, old + valueOffset, value, flags);
        }
        if ((flags & MapFlags.BPF_EXIST) != 0) {
            return -ENOENT;
        }
        if (fresh == 0) {
            return GONE;
        }
        if (GuestWords.getAndAddLong(count, 1) >= maxEntries()) {
            GuestWords.getAndAddLong(count, -1);
            return -E2BIG;
        }
        ResizableTable.insert(other != 0 ? other : bucket, fresh);
        return INSERTED;
    }

    private int updateInPlace(Cpu cpu, long old, long value, long flags) {
        if ((flags & MapFlags.BPF_NOEXIST) != 0) {
            return -EEXIST;
        }
        if ((flags & MapFlags.BPF_F_LOCK) != 0) {
            copyLocked(cpu, value, old, old);
        } else {
            layout().copy(value, old);
        }
        cancelFields(cpu, old);
        return 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), key);
        int result = remove(cpu, key, 0, 0);
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return result;
    }

    @Override
    int takeValue(Cpu cpu, long key, long value, long flags) {
        requireReadable(value, valueSize);
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), key);
        int result = remove(cpu, key, value, flags);
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return result;
    }

    private int remove(Cpu cpu, long key, long copyTo, long flags) {
        long element = change(cpu, key, hash(key), 0, 0, TAKE_OUT);
        return element == 0 ? -ENOENT : release(cpu, element, copyTo, flags);
    }

    private long unlink(long bucket, long other, long key, int hash) {
        long element = findIn(bucket, key, hash);
        long from = bucket;
        if (element == 0 && other != 0) {
            element = findIn(other, key, hash);
            from = other;
        }
        if (element != 0) {
            ResizableTable.unlink(from, element);
            GuestWords.getAndAddLong(count, -1);
        }
        return element;
    }

    private int release(Cpu cpu, long element, long copyTo, long flags) {
        if (copyTo != 0) {
            copyOut(cpu, element + valueOffset, copyTo, flags);
        }
        cancelFields(cpu, element + valueOffset);
        elements.free(cpu, element);
        table.maintain(cpu, entryCount());
        return 0;
    }

    // Stepping through: the current table, then the future one. May miss or repeat elements that move meanwhile.

    /**
     * The element after the one with this key; the first for 0. Returns -ENOENT if the key is not there, 0 after the
     * last.
     */
    private long after(Cpu cpu, long key) {
        long future = table.future();
        long current = table.current();
        if (key == 0) {
            long first = firstFrom(current, 0);
            return first != 0 || !isOther(future, current) ? first : firstFrom(future, 0);
        }
        int hash = hash(key);
        long element = findFreely(cpu, ResizableTable.bucket(current, hash), key, hash);
        if (element != 0) {
            long next = nextIn(current, element, hash);
            return next != 0 || !isOther(future, current) ? next : firstFrom(future, 0);
        }
        element = isOther(future, current) ? findFreely(cpu, ResizableTable.bucket(future, hash), key, hash) : 0;
        return element == 0 ? -ENOENT : nextIn(future, element, hash);
    }

    private static long nextIn(long of, long element, int hash) {
        long next = ResizableTable.next(element);
        return ResizableTable.isEnd(next) ? firstFrom(of, (hash & ResizableTable.size(of) - 1) + 1) : next;
    }

    private static long firstFrom(long of, long index) {
        for (long i = index; i < ResizableTable.size(of); i++) {
            long first = ResizableTable.first(ResizableTable.bucketAt(of, i));
            if (!ResizableTable.isEnd(first)) {
                return first;
            }
        }
        return 0;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        long element = after(cpu, key);
        if (element == -ENOENT) {
            element = after(cpu, 0);
        }
        if (element == 0) {
            return -ENOENT;
        }
        Bytes.copy(element + KEY, nextKey, keySize);
        return 0;
    }

    /**
     * A callback that deletes the element it looks at ends the iteration, as in Linux: there is nothing to go on from.
     */
    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        long visited = 0;
        for (long element = after(cpu, 0); element > 0; element = after(cpu, keyScratch)) {
            Bytes.copy(element + KEY, keyScratch, keySize);
            visited++;
            if (visitor.visit(cpu, this, element + KEY, element + valueOffset) != 0) {
                break;
            }
        }
        return visited;
    }

    /** A batch goes from the element with the cursor's key on; -EAGAIN if that is gone. */
    int lookupBatch(Cpu cpu, MapBatch batch, int room, boolean delete) {
        long cursor = batch.inBatch();
        long element = cursor == 0 ? after(cpu, 0) : find(cpu, cursor, hash(cursor));
        if (cursor != 0 && element == 0) {
            return -EAGAIN;
        }
        int total = 0;
        while (element > 0 && total != room) {
            long key = batch.keys() + (long) total * keySize;
            Bytes.copy(element + KEY, key, keySize);
            copyOut(cpu, element + valueOffset, batch.values() + (long) total * valueSize, batch.elementFlags());
            element = after(cpu, key);
            total++;
        }
        if (element > 0) {
            Bytes.copy(element + KEY, batch.outBatch(), keySize);
        }
        for (int i = 0; delete && i < total; i++) {
            remove(cpu, batch.keys() + (long) i * keySize, 0, 0);
        }
        GuestMemory.putInt(batch.count(), total);
        return element > 0 ? 0 : -ENOENT;
    }
}
