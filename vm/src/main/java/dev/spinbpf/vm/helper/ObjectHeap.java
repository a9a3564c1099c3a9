package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.vm.exec.TrapException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The objects that programs allocate: {@code bpf_obj_new} and its kin.
 *
 * <p>Linux's verifier tells the functions the type of each object that they work on. Here an object knows its type: a
 * header of 16 bytes precedes it.
 *
 * <pre>
 *   magic, different at each address(8) index of the type(4) bytes from one CPU's copy to the next(4) | object ...
 * </pre>
 *
 * <p>Linux frees an object after an RCU grace period. Here the memory of a freed object is reused after
 * {@link #QUARANTINE} more objects were freed.
 */
final class ObjectHeap {
    private static final int HEADER = 16;
    private static final int TYPE_OFFSET = -8;
    private static final int STRIDE_OFFSET = -4;
    private static final long MAGIC = 0x6270_665f_6f62_6a21L;
    private static final int QUARANTINE = 256;

    private final GuestArena arena = new GuestArena("objects of programs");
    private final int cpus;
    private final IdentityHashMap<Btf, Map<Integer, Integer>> indexByType = new IdentityHashMap<>();
    private final long[] freed = new long[QUARANTINE];
    private final long[] freedSizes = new long[QUARANTINE];
    private final LongAdder failures = new LongAdder();
    private int nextFreed;
    private GuestArena.@Nullable Image empty;
    private volatile List<Type> types = List.of();

    /** A type of objects: its size and its special fields. */
    private record Type(long size, BtfRecord record) {}

    ObjectHeap(int cpus) {
        this.cpus = cpus;
    }

    /** Forgets all objects, while no CPU runs; new ones come to be where the first ones were. */
    synchronized void rewind() {
        GuestArena.Image first = empty;
        if (first == null) {
            arena.free(arena.allocate(HEADER), HEADER); // Takes a chunk to keep: another one might be elsewhere.
            first = Objects.requireNonNull(arena.save(Long.MAX_VALUE));
            empty = first;
        }
        arena.restore(first);
        Arrays.fill(freed, 0);
        nextFreed = 0;
    }

    /** Frees all memory. */
    void close() {
        arena.close();
    }

    /** Returns how many allocations found no memory. */
    long failures() {
        return failures.sum();
    }

    /**
     * Allocates an object whose special fields are initialised; the rest is zero.
     *
     * @param percpu whether each CPU has a copy
     * @return its address (that of CPU 0's copy), or 0 where no memory is left
     */
    long allocate(Btf btf, int typeId, boolean percpu) {
        int index = typeIndex(btf, typeId);
        Type type = types.get(index);
        long stride = percpu ? type.size + 7 & ~7L : 0;
        long block = arena.tryAllocate(HEADER + (percpu ? stride * cpus : type.size), HEADER);
        if (block == 0) {
            failures.increment();
            return 0;
        }
        long object = block + HEADER;
        GuestMemory.putLong(block, MAGIC ^ object);
        GuestMemory.putInt(object + TYPE_OFFSET, index);
        GuestMemory.putInt(object + STRIDE_OFFSET, (int) stride);
        for (BtfField field : type.record.fields()) {
            initialize(field, object + field.offset());
        }
        return object;
    }

    private synchronized int typeIndex(Btf btf, int typeId) {
        Map<Integer, Integer> known = indexByType.computeIfAbsent(btf, key -> new HashMap<>());
        Integer index = known.get(typeId);
        if (index == null) {
            long size = btf.sizeOf(typeId);
            BtfRecord record = BtfRecord.parse(btf, typeId, BtfRecord.ALLOCATED_OBJECT_KINDS, size);
            List<Type> longer = new ArrayList<>(types);
            longer.add(new Type(Math.max(1, size), record));
            index = types.size();
            types = List.copyOf(longer);
            known.put(typeId, index);
        }
        return index;
    }

    private static void initialize(BtfField field, long at) {
        switch (field.kind()) {
            case BPF_REFCOUNT -> GuestMemory.putInt(at, 1);
            case BPF_LIST_HEAD, BPF_LIST_NODE -> LinkedLists.initialize(at);
            case BPF_RB_NODE -> RedBlackTrees.clear(at);
            default -> {}
        }
    }

    private boolean isObject(long address) {
        return address > HEADER
                && GuestMemory.exists(address - HEADER, HEADER)
                && GuestMemory.getLong(address - HEADER) == (MAGIC ^ address);
    }

    private Type typeOf(long object) {
        if (!isObject(object)) {
            throw new TrapException("0x" + Long.toHexString(object) + " is not an object that a program allocated");
        }
        return types.get(GuestMemory.getInt(object + TYPE_OFFSET));
    }

    /** A CPU's copy of a per-CPU object. */
    long copyOf(long object, int cpu) {
        typeOf(object);
        return cpu < 0 || cpu >= cpus ? 0 : object + (long) GuestMemory.getInt(object + STRIDE_OFFSET) * cpu;
    }

    /** Takes one more reference: the object, or 0 where it is being freed, or was freed while the program held a pointer to it. */
    long acquire(long object) {
        if (!isObject(object)) {
            return 0;
        }
        // Another CPU may free it from here on: what it was is in its memory until that is used again.
        BtfField refcount =
                types.get(GuestMemory.getInt(object + TYPE_OFFSET)).record.first(BtfField.Kind.BPF_REFCOUNT);
        if (refcount == null) {
            throw new TrapException("0x" + Long.toHexString(object) + " is an object without a bpf_refcount");
        }
        long at = object + refcount.offset();
        int count = GuestWords.getIntOpaque(at);
        while (count != 0) {
            int seen = GuestWords.compareAndExchangeInt(at, count, count + 1);
            if (seen == count) {
                return object;
            }
            count = seen;
        }
        return 0;
    }

    /** Gives up a reference; with the last one (or if they are not counted) the object goes, and what it owns. */
    void drop(long object) {
        Type type = typeOf(object);
        BtfField refcount = type.record.first(BtfField.Kind.BPF_REFCOUNT);
        if (refcount != null && GuestWords.getAndAddInt(object + refcount.offset(), -1) != 1) {
            return;
        }
        freeFields(type.record, object);
        long stride = GuestMemory.getInt(object + STRIDE_OFFSET);
        GuestMemory.putLong(object - HEADER, 0);
        free(object - HEADER, HEADER + (stride == 0 ? type.size : stride * cpus));
    }

    private synchronized void free(long block, long size) {
        int slot = nextFreed;
        nextFreed = (slot + 1) % QUARANTINE;
        if (freed[slot] != 0) {
            arena.free(freed[slot], freedSizes[slot], HEADER);
        }
        freed[slot] = block;
        freedSizes[slot] = size;
    }

    /** Drops what the special fields of a value or object own: {@code bpf_obj_free_fields}. */
    void freeFields(BtfRecord record, long value) {
        for (BtfField field : record.fields()) {
            long at = value + field.offset();
            switch (field.kind()) {
                case BPF_KPTR_REF, BPF_KPTR_PERCPU -> {
                    long owned = GuestWords.getAndSetLong(at, 0);
                    if (isObject(owned)) {
                        drop(owned);
                    }
                }
                case BPF_LIST_HEAD -> {
                    for (long node = LinkedLists.popFront(at); node != 0; node = LinkedLists.popFront(at)) {
                        drop(node - field.nodeOffset());
                    }
                }
                case BPF_RB_ROOT -> {
                    for (long node = RedBlackTrees.first(at); node != 0; node = RedBlackTrees.first(at)) {
                        RedBlackTrees.remove(at, node);
                        drop(node - field.nodeOffset());
                    }
                }
                default -> {}
            }
        }
    }

    /** Drops the object of a node that could not be added, because it is in a list or tree already: -EINVAL. */
    long refuse(long node, BtfField.Kind kind) {
        List<Type> known = types;
        for (int index = 0; index < known.size(); index++) {
            for (BtfField field : known.get(index).record.fields()) {
                long object = node - field.offset();
                boolean fits = field.kind() == kind && isObject(object);
                if (fits && GuestMemory.getInt(object + TYPE_OFFSET) == index) {
                    drop(object);
                    return -EINVAL;
                }
            }
        }
        throw new TrapException("0x" + Long.toHexString(node) + " is not a node of an object that a program allocated");
    }
}
