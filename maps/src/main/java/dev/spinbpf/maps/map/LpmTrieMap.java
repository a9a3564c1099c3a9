package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.lock.SeqCount;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_LPM_TRIE}: finds the longest prefix of a key, in a binary trie whose nodes each stand for a
 * prefix.
 *
 * <p>A node has children only for longer prefixes that begin with its own. A node that exists only because two prefixes
 * part there is <em>intermediate</em>: it has no value and always two children. Writers hold the trie's rqspinlock with
 * interrupts disabled; readers hold nothing and walk along words that are stored with release order.
 *
 * <p>A removed node may be used again for another prefix while a reader stands on it. (Linux waits for an RCU grace
 * period instead.) So the trie has a sequence counter, which a removal raises before and after it unlinks a node, and
 * in any case before the node is free. A lookup of a program that sees another count at the end than at the beginning
 * walks again; it never waits for a writer, since until the count has changed again all nodes are what they were. After
 * {@link #MOST_WALKS} walks it takes the lock. User space, which copies keys and values of many words, reads them as
 * {@link SeqCount} has it: a reader that finds a removal under way takes and releases the lock, and then reads.
 *
 * <pre>
 *   control:  lock(4) -(4) root(8) entries(8) sequence(8)
 *   key:      prefixLength(4) data
 *   node:     child(8) child(8) prefixLength(4) data, value (at a multiple of eight), link
 * </pre>
 *
 * <p>The sign bit of a node's prefix length says that the node is intermediate.
 */
final class LpmTrieMap extends BpfMap {
    private static final int MOST_WALKS = 16;

    private static final int CONTROL_SIZE = 64;
    private static final int ROOT = 8;
    private static final int ENTRIES = 16;
    private static final int SEQUENCE = 24;

    private static final int PREFIX_LENGTH = 16;
    private static final int DATA = 20;
    private static final int KEY_DATA = 4;
    private static final int INTERMEDIATE = 1 << 31;

    private final long control;
    private final int dataSize;
    private final int longestPrefix;
    private final int valueOffset;
    private final ElementCache nodes;
    private final LockClass lockClass;
    private final SeqCount seqCount;
    private final long keyCopies;
    private final long keyCopyStride;

    LpmTrieMap(CheckedMapDef definition) {
        super(definition);
        dataSize = keySize - KEY_DATA;
        longestPrefix = dataSize * Byte.SIZE;
        valueOffset = (int) Bytes.roundUp8(DATA + dataSize);
        control = arena().allocate(CONTROL_SIZE, CONTROL_SIZE);
        int linkOffset = valueOffset + (int) Bytes.roundUp8(valueSize);
        nodes = new ElementCache(this, linkOffset + Long.BYTES, linkOffset);
        lockClass = lockClass(LockKind.LPM);
        seqCount = new SeqCount(locks, lockClass);
        keyCopyStride = Bytes.roundUp8(keySize);
        keyCopies = arena().allocate(keyCopyStride * cpuCount);
    }

    /** Address of the lock. */
    long lock() {
        return control;
    }

    @Override
    public long entryCount() {
        return GuestMemory.getLongOpaque(control + ENTRIES);
    }

    ElementCache nodes() {
        return nodes;
    }

    /** Returns how many nodes the trie consists of, those without a value included: right only while nothing runs. */
    long countNodes() {
        return countNodes(GuestMemory.getLong(control + ROOT));
    }

    private static long countNodes(long node) {
        return node == 0
                ? 0
                : 1
                        + countNodes(GuestMemory.getLong(childSlot(node, 0)))
                        + countNodes(GuestMemory.getLong(childSlot(node, 1)));
    }

    // Bits.

    private static int prefixLength(long node) {
        return GuestMemory.getIntOpaque(node + PREFIX_LENGTH) & ~INTERMEDIATE;
    }

    private static boolean isIntermediate(long node) {
        return GuestMemory.getIntOpaque(node + PREFIX_LENGTH) < 0;
    }

    private static int bit(long data, int index) {
        return GuestMemory.getByte(data + (index >>> 3)) >> (7 - (index & 7)) & 1;
    }

    private static long childSlot(long node, int bit) {
        return node + (long) bit * Long.BYTES;
    }

    /** Returns how many leading bits node and key have in common, up to the shorter of their prefixes. */
    private int commonBits(long node, long key) {
        int limit = Math.min(prefixLength(node), GuestMemory.getInt(key));
        int at = 0;
        for (; at + Long.BYTES <= dataSize && at * Byte.SIZE < limit; at += Long.BYTES) {
            long difference = GuestMemory.getLong(node + DATA + at) ^ GuestMemory.getLong(key + KEY_DATA + at);
            if (difference != 0) {
                int same = Long.numberOfLeadingZeros(Long.reverseBytes(difference));
                return Math.min(limit, at * Byte.SIZE + same);
            }
        }
        for (; at + Integer.BYTES <= dataSize && at * Byte.SIZE < limit; at += Integer.BYTES) {
            int difference = GuestMemory.getInt(node + DATA + at) ^ GuestMemory.getInt(key + KEY_DATA + at);
            if (difference != 0) {
                int same = Integer.numberOfLeadingZeros(Integer.reverseBytes(difference));
                return Math.min(limit, at * Byte.SIZE + same);
            }
        }
        for (; at < dataSize && at * Byte.SIZE < limit; at++) {
            int difference = (GuestMemory.getByte(node + DATA + at) ^ GuestMemory.getByte(key + KEY_DATA + at)) & 0xff;
            if (difference != 0) {
                return Math.min(limit, at * Byte.SIZE + Integer.numberOfLeadingZeros(difference) - 24);
            }
        }
        return limit;
    }

    private boolean isTooLong(long key) {
        return Integer.compareUnsigned(GuestMemory.getInt(key), longestPrefix) > 0;
    }

    // Finding.

    @Override
    public long lookup(Cpu cpu, long key) {
        if (isTooLong(key)) {
            return 0;
        }
        long found = 0;
        for (int walks = 0; walks < MOST_WALKS; walks++) {
            long count = GuestWords.getLongAcquire(control + SEQUENCE);
            found = walk(key);
            if (!SeqCount.readRetry(control + SEQUENCE, count)) {
                return found == 0 ? 0 : found + valueOffset;
            }
        }
        return lookupLocked(cpu, key, found);
    }

    /** Returns what the walk finds under the lock; what it found last if the lock cannot be had. */
    private long lookupLocked(Cpu cpu, long key, long foundLast) {
        long found = foundLast;
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, control, lockClass, irqFlags) == 0) {
            found = walk(key);
            locks.unlockIrqrestore(cpu, control, irqFlags);
        }
        return found == 0 ? 0 : found + valueOffset;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        requireReadable(value, valueSize);
        if (isTooLong(key)) {
            return -ENOENT;
        }
        long found;
        long start;
        do {
            start = seqCount.readBegin(cpu, control + SEQUENCE, control);
            found = walk(key);
            if (found != 0) {
                Bytes.copy(found + valueOffset, value, valueSize);
            }
        } while (SeqCount.readRetry(control + SEQUENCE, start));
        return found == 0 ? -ENOENT : 0;
    }

    private long walk(long key) {
        return dataSize == Integer.BYTES ? walkOneWord(key) : walkAnyLength(key);
    }

    private long walkAnyLength(long key) {
        long found = 0;
        long node = GuestWords.getLongAcquire(control + ROOT);
        while (node != 0) {
            int common = commonBits(node, key);
            if (common == longestPrefix) {
                return node;
            }
            int length = prefixLength(node);
            if (common < length) {
                break;
            }
            if (!isIntermediate(node)) {
                found = node;
            }
            node = GuestWords.getLongAcquire(childSlot(node, bit(key + KEY_DATA, length)));
        }
        return found;
    }

    /**
     * The walk for prefixes of up to 32 bits, such as IPv4's. Both children are loaded and one is chosen by arithmetic,
     * as is whether the node counts: a branch on either would go the wrong way every other time, and a load that
     * depends on the prefix length would wait for it at each level. Each load is checked, so length, flag and bits are
     * one.
     */
    private long walkOneWord(long key) {
        int keyLength = GuestMemory.getInt(key);
        int keyData = Integer.reverseBytes(GuestMemory.getInt(key + KEY_DATA));
        long keyBits = (long) keyData << Integer.SIZE;
        long found = 0;
        long node = GuestWords.getLongAcquire(control + ROOT);
        while (node != 0) {
            long first = GuestWords.getLongAcquire(childSlot(node, 0));
            long second = GuestWords.getLongAcquire(childSlot(node, 1));
            long prefix = GuestMemory.getLongOpaque(node + PREFIX_LENGTH);
            int length = (int) prefix & ~INTERMEDIATE;
            int difference = Integer.reverseBytes((int) (prefix >>> Integer.SIZE)) ^ keyData;
            if (length > keyLength || Integer.numberOfLeadingZeros(difference) < length) {
                break;
            }
            long countsNot = (int) prefix >> Integer.SIZE - 1;
            found = node & ~countsNot | found & countsNot;
            // The lower six bits of the distance count. A node for all 32 bits has no children.
            node = first ^ (first ^ second) & (keyBits << prefix >> Long.SIZE - 1);
        }
        return found;
    }

    // Changing.

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0 || isTooLong(key)) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        long fresh = nodes.allocate(cpu);
        if (fresh == 0) {
            return -ENOMEM;
        }
        Bytes.copy(value, fresh + valueOffset, valueSize);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        long irqFlags = cpu.irqSave();
        int error = locks.lockIrqsave(cpu, control, lockClass, irqFlags);
        if (error != 0) {
            nodes.free(cpu, fresh);
            return error;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), key);
        GuestMemory.putInt(fresh + PREFIX_LENGTH, GuestMemory.getInt(key));
        GuestMemory.putLong(childSlot(fresh, 0), 0);
        GuestMemory.putLong(childSlot(fresh, 1), 0);
        Bytes.copy(key + KEY_DATA, fresh + DATA, dataSize);
        long result = insert(cpu, key, fresh, flags);
        if (result >= 0) {
            ElementEvents.put(this, key, result != 0 && !isIntermediate(result));
        }
        locks.unlockIrqrestore(cpu, control, irqFlags);
        if (result < 0) {
            nodes.free(cpu, fresh);
        } else if (result != 0) {
            nodes.free(cpu, result);
        }
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), key);
        return result < 0 ? (int) result : 0;
    }

    /** Puts a node where it belongs. Returns a negative errno value, or the node that it replaced, or 0. */
    private long insert(Cpu cpu, long key, long fresh, long flags) {
        long slot = control + ROOT;
        long node = GuestMemory.getLong(slot);
        int common = 0;
        while (node != 0) {
            common = commonBits(node, key);
            int length = prefixLength(node);
            if (length != common || length == GuestMemory.getInt(key)) {
                break;
            }
            slot = childSlot(node, bit(key + KEY_DATA, length));
            node = GuestMemory.getLong(slot);
        }
        boolean replaces = node != 0 && prefixLength(node) == common;
        if (replaces && !isIntermediate(node)) {
            if (flags == MapFlags.BPF_NOEXIST) {
                return -EEXIST;
            }
            return replace(slot, node, fresh);
        }
        int error = checkNew(flags);
        if (error != 0) {
            return error;
        }
        if (replaces) {
            countEntry(1);
            return replace(slot, node, fresh);
        }
        if (node != 0 && common != GuestMemory.getInt(key)) {
            return fork(cpu, slot, node, fresh, common);
        }
        if (node != 0) {
            GuestMemory.putLong(childSlot(fresh, bit(node + DATA, common)), node);
        }
        countEntry(1);
        GuestWords.setLongRelease(slot, fresh);
        return 0;
    }

    /** {@code trie_check_add_elem}, without the count. */
    private int checkNew(long flags) {
        if (flags == MapFlags.BPF_EXIST) {
            return -ENOENT;
        }
        return entryCount() == maxEntries() ? -ENOSPC : 0;
    }

    private void countEntry(int change) {
        GuestMemory.setLongOpaque(control + ENTRIES, GuestMemory.getLong(control + ENTRIES) + change);
    }

    private long replace(long slot, long node, long fresh) {
        GuestMemory.putLong(childSlot(fresh, 0), GuestMemory.getLong(childSlot(node, 0)));
        GuestMemory.putLong(childSlot(fresh, 1), GuestMemory.getLong(childSlot(node, 1)));
        SeqCount.writeBegin(control + SEQUENCE);
        GuestWords.setLongRelease(slot, fresh);
        SeqCount.writeEnd(control + SEQUENCE);
        return node;
    }

    /** Two prefixes part after {@code common} bits: an intermediate node takes both as children. */
    private int fork(Cpu cpu, long slot, long node, long fresh, int common) {
        long parent = nodes.allocate(cpu);
        if (parent == 0) {
            return -ENOMEM;
        }
        GuestMemory.putInt(parent + PREFIX_LENGTH, common | INTERMEDIATE);
        Bytes.copy(node + DATA, parent + DATA, dataSize);
        int side = bit(fresh + DATA, common);
        GuestMemory.putLong(childSlot(parent, side), fresh);
        GuestMemory.putLong(childSlot(parent, 1 - side), node);
        countEntry(1);
        GuestWords.setLongRelease(slot, parent);
        return 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        if (isTooLong(key)) {
            return -EINVAL;
        }
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), key);
        long irqFlags = cpu.irqSave();
        int error = locks.lockIrqsave(cpu, control, lockClass, irqFlags);
        if (error != 0) {
            return error;
        }
        cpu.fire(HookPoint.MAP_DELETE_UNDER_LOCK, id(), key);
        // The walk of insert, which also remembers the parent and where that hangs: more than one method could return,
        // and a method for the end of the walk alone made updates slower.
        long parentSlot = control + ROOT;
        long slot = parentSlot;
        long parent = 0;
        long node = GuestMemory.getLong(slot);
        int common = 0;
        while (node != 0) {
            common = commonBits(node, key);
            int length = prefixLength(node);
            if (length != common || length == GuestMemory.getInt(key)) {
                break;
            }
            parent = node;
            parentSlot = slot;
            slot = childSlot(node, bit(key + KEY_DATA, length));
            node = GuestMemory.getLong(slot);
        }
        boolean found = node != 0
                && prefixLength(node) == GuestMemory.getInt(key)
                && prefixLength(node) == common
                && !isIntermediate(node);
        boolean parentFree = found && parent != 0 && unlinkWithParent(node, parent, parentSlot);
        boolean nodeFree = parentFree || found && unlink(node, slot);
        locks.unlockIrqrestore(cpu, control, irqFlags);
        if (nodeFree) {
            nodes.free(cpu, node);
        }
        if (parentFree) {
            nodes.free(cpu, parent);
        }
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return found ? 0 : -ENOENT;
    }

    /**
     * Takes a node out: one with two children remains as an intermediate one (returns false), one with a child is
     * skipped.
     */
    private boolean unlink(long node, long slot) {
        countEntry(-1);
        long first = GuestMemory.getLong(childSlot(node, 0));
        long second = GuestMemory.getLong(childSlot(node, 1));
        if (first != 0 && second != 0) {
            GuestWords.setIntOpaque(node + PREFIX_LENGTH, prefixLength(node) | INTERMEDIATE);
            return false;
        }
        SeqCount.writeBegin(control + SEQUENCE);
        GuestWords.setLongRelease(slot, first != 0 ? first : second);
        SeqCount.writeEnd(control + SEQUENCE);
        return true;
    }

    /**
     * Takes a node without children out together with its intermediate parent, in one step, since an intermediate one
     * always has two children: the other one takes its place. Returns false where that is not so.
     */
    private boolean unlinkWithParent(long node, long parent, long parentSlot) {
        boolean childless =
                GuestMemory.getLong(childSlot(node, 0)) == 0 && GuestMemory.getLong(childSlot(node, 1)) == 0;
        if (!childless || !isIntermediate(parent)) {
            return false;
        }
        long first = GuestMemory.getLong(childSlot(parent, 0));
        countEntry(-1);
        SeqCount.writeBegin(control + SEQUENCE);
        GuestWords.setLongRelease(parentSlot, first == node ? GuestMemory.getLong(childSlot(parent, 1)) : first);
        SeqCount.writeEnd(control + SEQUENCE);
        return true;
    }

    // Stepping through: longer prefixes before shorter ones (postorder).

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        int result;
        long start;
        do {
            start = seqCount.readBegin(cpu, control + SEQUENCE, control);
            // The key may lie where the next one goes, which is written when nothing is read again.
            result = step(key, keyCopies + (long) cpu.id() * keyCopyStride);
        } while (SeqCount.readRetry(control + SEQUENCE, start));
        if (result == 0) {
            Bytes.copy(keyCopies + (long) cpu.id() * keyCopyStride, nextKey, keySize);
        }
        return result;
    }

    private int step(long key, long nextKey) {
        long root = GuestWords.getLongAcquire(control + ROOT);
        if (root == 0) {
            return -ENOENT;
        }
        long next = key == 0 || isTooLong(key) ? leftmost(root) : successor(root, key);
        if (next == 0) {
            return -ENOENT;
        }
        GuestMemory.putInt(nextKey, prefixLength(next));
        Bytes.copy(next + DATA, nextKey + KEY_DATA, dataSize);
        return 0;
    }

    /** The first node in postorder. */
    private static long leftmost(long from) {
        long found = 0;
        long node = from;
        while (node != 0) {
            boolean intermediate = isIntermediate(node);
            if (!intermediate) {
                found = node;
            }
            long first = GuestWords.getLongAcquire(childSlot(node, 0));
            node = first != 0 || intermediate ? first : GuestWords.getLongAcquire(childSlot(node, 1));
        }
        return found;
    }

    /**
     * The node after the key's in postorder, 0 after the last; the first one if the key has no node. On the way down,
     * each step tells what would come next when all below it is done: the second child after the first, else the parent
     * if it has a value.
     */
    private long successor(long root, long key) {
        long nextSubtree = 0;
        long nextNode = 0;
        long node = root;
        while (node != 0) {
            int common = commonBits(node, key);
            int length = prefixLength(node);
            if (length != common) {
                return leftmost(root);
            }
            if (length == GuestMemory.getInt(key)) {
                break;
            }
            int side = bit(key + KEY_DATA, length);
            long sibling = side == 0 ? GuestWords.getLongAcquire(childSlot(node, 1)) : 0;
            if (sibling != 0) {
                nextSubtree = sibling;
                nextNode = 0;
            } else if (!isIntermediate(node)) {
                nextSubtree = 0;
                nextNode = node;
            }
            node = GuestWords.getLongAcquire(childSlot(node, side));
        }
        if (node == 0 || isIntermediate(node)) {
            return leftmost(root);
        }
        return nextSubtree != 0 ? leftmost(nextSubtree) : nextNode;
    }
}
