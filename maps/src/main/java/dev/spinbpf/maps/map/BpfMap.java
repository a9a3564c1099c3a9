package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EPERM;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockIdentity;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A map: elements in guest memory, and what programs and user space may do with them.
 *
 * <p>Keys and values go in and out by guest address. Operations that can fail return 0 or a negative errno value and
 * allocate no Java object. What a kind of map does not do answers -EOPNOTSUPP; the verifier keeps programs from asking.
 *
 * <p>Methods whose names begin with {@code sys} are what {@code bpf(2)} does for user space, which differs: a per-CPU
 * map is read and written on all CPUs at once, a map of maps or programs holds handles, and access flags apply. The
 * others are what programs call. Linux raises {@link Cpu#enterGuard} around operations from user space so that tracing
 * programs do not run into them; the {@code sys} methods do so too.
 *
 * <p>Addresses that do not exist raise {@link IndexOutOfBoundsException} before anything has changed.
 */
public abstract sealed class BpfMap implements AutoCloseable
        permits ArenaMap,
                CgroupStorageMap,
                ElementlessMap,
                HandleArrayMap,
                HashTableMap,
                InsnArrayMap,
                KeylessMap,
                LocalStorageMap,
                LpmTrieMap,
                ResizableHashMap,
                SocketMap,
                StackTraceMap,
                TargetMap,
                ValueArrayMap {
    /** The upper half of the words that a program jumps to, as a map of instructions holds them; the lower half is a slot. */
    public static final long TARGET = 0x4249_0000_0000_0000L;

    /** Offset of the id in the map object that a program's map pointer points to. */
    static final int ID_OFFSET = 92;

    /** Size and further offsets of the map object: those of {@code struct bpf_map} in Linux 7.2 on x86-64. */
    private static final int OBJECT_SIZE = 288;

    private static final int TYPE_OFFSET = 64;
    private static final int KEY_SIZE_OFFSET = 68;
    private static final int VALUE_SIZE_OFFSET = 72;
    private static final int MAX_ENTRIES_OFFSET = 76;
    private static final int MAP_EXTRA_OFFSET = 80;
    private static final int MAP_FLAGS_OFFSET = 88;
    private static final int NAME_OFFSET = 136;
    private static final int NAME_SIZE = KernelLimits.BPF_OBJ_NAME_LEN;
    private static final int FROZEN_OFFSET = 249;

    private final MapDef def;
    private final MapEnvironment environment;
    private final BtfRecord innerRecord;
    private final GuestArena arena;
    private final ValueLayout layout;
    private final int id;
    private final long address;
    private final long maxEntries;
    private final MapStats stats;
    final LockAlgorithm locks;
    final int keySize;
    final int valueSize;
    final int cpuCount;

    BpfMap(CheckedMapDef definition) {
        def = definition.def();
        environment = definition.environment();
        innerRecord = definition.innerRecord();
        arena = definition.arena();
        id = definition.id();
        locks = environment.locks();
        keySize = def.keySize();
        valueSize = def.valueSize();
        layout = new ValueLayout(definition.record(), valueSize);
        cpuCount = environment.cpus().count();
        stats = new MapStats(cpuCount);
        maxEntries = effectiveEntries();
        address = arena.allocate(OBJECT_SIZE, 64);
        GuestMemory.putInt(address + TYPE_OFFSET, def.type().number());
        GuestMemory.putInt(address + KEY_SIZE_OFFSET, keySize);
        GuestMemory.putInt(address + VALUE_SIZE_OFFSET, valueSize);
        GuestMemory.putInt(address + MAX_ENTRIES_OFFSET, (int) maxEntries);
        GuestMemory.putLong(address + MAP_EXTRA_OFFSET, def.mapExtra());
        GuestMemory.putInt(address + MAP_FLAGS_OFFSET, (int) def.flags());
        GuestMemory.putInt(address + ID_OFFSET, id);
        byte[] name = def.name().getBytes(StandardCharsets.UTF_8);
        GuestMemory.copyIn(name, 0, address + NAME_OFFSET, Math.min(name.length, NAME_SIZE - 1));
    }

    /** With a list for each CPU, each list must have as many elements as the others. */
    private long effectiveEntries() {
        long entries = def.maxEntries();
        return (def.flags() & MapFlags.BPF_F_NO_COMMON_LRU) == 0
                ? entries
                : (entries + cpuCount - 1) / cpuCount * cpuCount;
    }

    /** Copies the memory of a map; null where that is larger than {@code mostBytes}, or the map keeps state elsewhere too. */
    public final GuestArena.@Nullable Image save(long mostBytes) {
        return switch (def.type()) {
            case ARENA,
                    ARRAY,
                    ARRAY_OF_MAPS,
                    BLOOM_FILTER,
                    HASH,
                    LPM_TRIE,
                    LRU_HASH,
                    LRU_PERCPU_HASH,
                    PERCPU_ARRAY,
                    PERCPU_HASH,
                    PROG_ARRAY,
                    QUEUE,
                    RINGBUF,
                    STACK,
                    STACK_TRACE -> arena.save(mostBytes);
            default -> null;
        };
    }

    /** Makes the memory as it was when it was saved, while no CPU runs. */
    public final void restore(GuestArena.Image image) {
        arena.restore(image);
    }

    // Properties of the map.

    /** Returns the definition that the map was made from. */
    public final MapDef def() {
        return def;
    }

    /** The map's name. */
    public final String name() {
        return def.name();
    }

    /** The kind of map. */
    public final MapType type() {
        return def.type();
    }

    /** The map's id in its machine's {@link MapTable}: what a map of maps holds. */
    public final int id() {
        return id;
    }

    /** The address of the map object: a program's map pointer. */
    public final long address() {
        return address;
    }

    /** Returns how many elements there may be; a per-CPU LRU list rounds it up to the CPUs. */
    public final long maxEntries() {
        return maxEntries;
    }

    /** Returns how many elements there are now, or -1 where the kind does not count them; any thread may ask. */
    public long entryCount() {
        return -1;
    }

    /** Returns what is counted about operations. */
    public final MapStats stats() {
        return stats;
    }

    /** Returns the layout of values: their special fields, and the copies that leave those alone. */
    public final ValueLayout layout() {
        return layout;
    }

    /** Guest memory that the map uses, in bytes. */
    public final long memoryBytes() {
        return arena.usedBytes();
    }

    /** Returns true where a value is one for each CPU. */
    public boolean isPercpu() {
        return false;
    }

    /** Returns a class for locks inside this map. */
    final LockClass lockClass(LockKind kind) {
        return locks.stats().internal(LockIdentity.inside(name(), id, kind));
    }

    final MapEnvironment environment() {
        return environment;
    }

    /** Special fields of the values of inner maps. */
    final BtfRecord innerRecord() {
        return innerRecord;
    }

    final GuestArena arena() {
        return arena;
    }

    final boolean hasFlag(long flag) {
        return (def.flags() & flag) != 0;
    }

    // Operations of programs.

    /**
     * Finds an element.
     *
     * @param key address of the key
     * @return address of the value (of this CPU's value in a per-CPU map, of the inner map in a map of maps), or 0
     */
    public long lookup(Cpu cpu, long key) {
        return 0;
    }

    /** {@code bpf_map_lookup_percpu_elem}: the value of another CPU; 0 also where there is no such CPU. */
    public long lookupPercpu(Cpu cpu, long key, int cpuId) {
        return 0;
    }

    /**
     * Makes or replaces an element.
     *
     * @param flags {@link MapFlags#BPF_ANY}, {@link MapFlags#BPF_NOEXIST} or {@link MapFlags#BPF_EXIST}, and
     *     {@link MapFlags#BPF_F_LOCK} with any of them
     * @return 0 or a negative errno value; what -EDEADLK and -ETIMEDOUT mean: a lock inside failed and nothing changed
     */
    public int update(Cpu cpu, long key, long value, long flags) {
        return -EOPNOTSUPP;
    }

    /** Removes an element; -ENOENT where there is none. */
    public int delete(Cpu cpu, long key) {
        return -EOPNOTSUPP;
    }

    /** Adds a value to a queue, stack or bloom filter. */
    public int push(Cpu cpu, long value, long flags) {
        return -EOPNOTSUPP;
    }

    /** Takes the next value of a queue or stack. */
    public int pop(Cpu cpu, long value) {
        return -EOPNOTSUPP;
    }

    /** Copies the next value of a queue or stack, or asks whether a bloom filter holds the value (0 or -ENOENT). */
    public int peek(Cpu cpu, long value) {
        return -EOPNOTSUPP;
    }

    /**
     * {@code bpf_for_each_map_elem}: visits the elements. Elements that are added or removed meanwhile may be missed.
     *
     * @param keyScratch address of a key's worth of memory that the caller owns, for maps that do not store keys
     * @return how many elements were visited
     */
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        return -EOPNOTSUPP;
    }

    /**
     * Finds the element whose value holds an address: of a per-CPU map, the value of this CPU. Counts as no use of the
     * element.
     *
     * @return null where no value of this map holds it
     */
    public @Nullable ElementAddress elementAt(Cpu cpu, long address) {
        try (GuestArena scratch = new GuestArena("element at")) {
            @Nullable ElementAddress[] found = new @Nullable ElementAddress[1];
            forEach(
                    cpu,
                    (_, _, key, value) -> {
                        if (address < value || address >= value + valueSize) {
                            return 0;
                        }
                        found[0] = new ElementAddress(GuestMemory.bytes(key, keySize), address - value);
                        return 1;
                    },
                    scratch.allocate(Math.max(1, keySize)));
            return found[0];
        }
    }

    /**
     * Returns the address of the key of the element that a value belongs to.
     *
     * @param value address of a value of the map, of a kind whose values may have timers
     * @param scratch address of eight bytes, where a key is written that the map does not store
     */
    public long keyOfValue(long value, long scratch) {
        return value - Bytes.roundUp8(keySize);
    }

    /** Returns the address of the value that has its special field of a kind at an address. */
    public final long valueOf(long field, BtfField.Kind kind) {
        BtfField found = layout.record().first(kind);
        if (found == null) {
            throw new IllegalArgumentException("values of " + this + " have no " + kind);
        }
        return field - found.offset();
    }

    /** The address of the only value of an array of one element, for direct access to global data; else 0. */
    public long directValueAddress() {
        return 0;
    }

    // Operations of user space.

    /** Returns how many bytes lie from one CPU's value to the next where user space has those of all CPUs. */
    public final int sysValueStride() {
        return (int) Bytes.roundUp8(valueSize);
    }

    /** Returns how many bytes the value is in {@link #sysLookup} and {@link #sysUpdate} with these flags. */
    public int sysValueSize(long flags) {
        if (isPercpu() && (flags & (MapFlags.BPF_F_CPU | MapFlags.BPF_F_ALL_CPUS)) == 0) {
            return sysValueStride() * cpuCount;
        }
        return valueSize;
    }

    /**
     * Copies a value out.
     *
     * @param value address of {@link #sysValueSize} bytes to copy to
     * @param flags {@link MapFlags#BPF_F_LOCK}, or {@link MapFlags#BPF_F_CPU} and a CPU in the upper half
     */
    public final int sysLookup(Cpu cpu, long key, long value, long flags) {
        if (hasFlag(MapFlags.BPF_F_WRONLY)) {
            return -EPERM;
        }
        int error = checkOperationFlags(flags, MapFlags.BPF_F_LOCK | MapFlags.BPF_F_CPU);
        if (error != 0) {
            return error;
        }
        cpu.enterGuard();
        try {
            return (int) stats.count(cpu, MapOperation.LOOKUP, copyValue(cpu, key, value, flags));
        } finally {
            cpu.leaveGuard();
        }
    }

    /** Makes or replaces an element; the value is {@link #sysValueSize} bytes. */
    public final int sysUpdate(Cpu cpu, long key, long value, long flags) {
        if (!sysMayWrite()) {
            return -EPERM;
        }
        int error = checkOperationFlags(flags, ~0L);
        if (error != 0) {
            return error;
        }
        cpu.enterGuard();
        try {
            return (int) stats.count(cpu, MapOperation.UPDATE, updateValue(cpu, key, value, flags));
        } finally {
            cpu.leaveGuard();
        }
    }

    /** Removes an element. */
    public final int sysDelete(Cpu cpu, long key) {
        if (!sysMayWrite()) {
            return -EPERM;
        }
        cpu.enterGuard();
        try {
            return (int) stats.count(cpu, MapOperation.DELETE, delete(cpu, key));
        } finally {
            cpu.leaveGuard();
        }
    }

    /** Removes an element and copies its value ({@link #sysValueSize} bytes) out. */
    public final int sysLookupAndDelete(Cpu cpu, long key, long value, long flags) {
        if ((flags & ~MapFlags.BPF_F_LOCK) != 0) {
            return -EINVAL;
        }
        if (hasFlag(MapFlags.BPF_F_WRONLY) || !sysMayWrite()) {
            return -EPERM;
        }
        if (flags != 0 && (type() == MapType.QUEUE || type() == MapType.STACK || !layout.hasSpinLock())) {
            return -EINVAL;
        }
        cpu.enterGuard();
        try {
            return (int) stats.count(cpu, MapOperation.LOOKUP_AND_DELETE, takeValue(cpu, key, value, flags));
        } finally {
            cpu.leaveGuard();
        }
    }

    /** The action of a batch command. */
    @FunctionalInterface
    private interface BatchCommand {
        int run(BpfMap map, Cpu cpu, MapBatch batch);
    }

    private int runBatch(Cpu cpu, MapBatch batch, MapOperation operation, BatchCommand command) {
        boolean reads = operation == MapOperation.LOOKUP_BATCH || operation == MapOperation.LOOKUP_AND_DELETE_BATCH;
        boolean writes = operation != MapOperation.LOOKUP_BATCH;
        if (reads && hasFlag(MapFlags.BPF_F_WRONLY) || writes && !sysMayWrite()) {
            return -EPERM;
        }
        cpu.enterGuard();
        try {
            return (int) stats.count(cpu, operation, command.run(this, cpu, batch));
        } finally {
            cpu.leaveGuard();
        }
    }

    /**
     * Copies keys and values out, as many as there is room for.
     *
     * @return 0 if there may be more, -ENOENT after the last one, -ENOSPC if the elements of the first bucket are too
     *     many, or what else stopped it; the elements that {@code count} then tells are there in each case
     */
    public final int sysLookupBatch(Cpu cpu, MapBatch batch) {
        return runBatch(cpu, batch, MapOperation.LOOKUP_BATCH, MapBatches::lookup);
    }

    /** As {@link #sysLookupBatch}, and removes what it copies. */
    public final int sysLookupAndDeleteBatch(Cpu cpu, MapBatch batch) {
        return runBatch(cpu, batch, MapOperation.LOOKUP_AND_DELETE_BATCH, MapBatches::lookupAndDelete);
    }

    /** Makes or replaces elements, up to the first one that fails; {@code count} tells how many. */
    public final int sysUpdateBatch(Cpu cpu, MapBatch batch) {
        return runBatch(cpu, batch, MapOperation.UPDATE_BATCH, MapBatches::update);
    }

    /** Removes elements, up to the first one that fails; {@code count} tells how many. */
    public final int sysDeleteBatch(Cpu cpu, MapBatch batch) {
        return runBatch(cpu, batch, MapOperation.DELETE_BATCH, MapBatches::delete);
    }

    /**
     * Steps through the keys.
     *
     * @param key address of the key before, or 0 to begin; a key that is not (or no longer) there begins again
     * @param nextKey address to which the next key is copied
     * @return 0, or -ENOENT after the last one
     */
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return -EOPNOTSUPP;
    }

    /**
     * {@code BPF_MAP_FREEZE}: user space may no longer change the map.
     *
     * @return 0, -ENOTSUPP values with special fields, -EPERM frozen already or made with BPF_F_RDONLY
     */
    public final int sysFreeze() {
        if (!layout.record().isEmpty()) {
            return -ENOTSUPP;
        }
        if (!sysMayWrite()) {
            return -EPERM;
        }
        GuestMemory.putByte(address + FROZEN_OFFSET, (byte) 1);
        return 0;
    }

    /** Returns true where user space may no longer change the map. */
    public final boolean isFrozen() {
        return GuestMemory.getByte(address + FROZEN_OFFSET) != 0;
    }

    private boolean sysMayWrite() {
        return !hasFlag(MapFlags.BPF_F_RDONLY) && !isFrozen();
    }

    /** {@code bpf_map_copy_value}. */
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long found = lookupUnmarked(cpu, key);
        if (found == 0) {
            return -ENOENT;
        }
        copyOut(cpu, found, value, flags);
        return 0;
    }

    /** {@code bpf_map_update_value}. */
    int updateValue(Cpu cpu, long key, long value, long flags) {
        return update(cpu, key, value, flags);
    }

    /** {@code map_lookup_and_delete_elem}. */
    int takeValue(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }

    /** A lookup for user space, which does not count as use. */
    long lookupUnmarked(Cpu cpu, long key) {
        return lookup(cpu, key);
    }

    /**
     * Returns -EEXIST or -ENOENT where the flags of an update do not go with whether there is an old element, else 0.
     */
    static int checkExistence(long old, long flags) {
        long wanted = flags & ~MapFlags.BPF_F_LOCK;
        if (old != 0 && wanted == MapFlags.BPF_NOEXIST) {
            return -EEXIST;
        }
        return old == 0 && wanted == MapFlags.BPF_EXIST ? -ENOENT : 0;
    }

    /** {@code bpf_map_check_op_flags}. */
    final int checkOperationFlags(long flags, long allowed) {
        if (((int) flags & ~allowed) != 0
                || (flags & MapFlags.BPF_F_LOCK) != 0 && !layout.hasSpinLock()
                || (flags & MapFlags.BPF_F_CPU) == 0 && flags >>> 32 != 0) {
            return -EINVAL;
        }
        long percpu = flags & (MapFlags.BPF_F_CPU | MapFlags.BPF_F_ALL_CPUS);
        if (percpu == 0) {
            return 0;
        }
        if (!isPercpu() || percpu == (MapFlags.BPF_F_CPU | MapFlags.BPF_F_ALL_CPUS)) {
            return -EINVAL;
        }
        return percpu == MapFlags.BPF_F_CPU && flags >>> 32 >= cpuCount ? -ERANGE : 0;
    }

    // For the kinds.

    /** {@code copy_map_value_locked}: copies while the lock of the value at {@code locked} is held. */
    final void copyLocked(Cpu cpu, long from, long to, long locked) {
        long lock = locked + layout.spinLockOffset();
        long irqFlags = PlainSpinLock.lockInside(cpu, lock, locks.stats().ofAddress(lock));
        layout.copy(from, to);
        PlainSpinLock.unlockInside(cpu, lock, irqFlags);
    }

    /** Copies a value for user space, under its lock if the flags have BPF_F_LOCK; what programs alone use is zero in the copy. */
    final void copyOut(Cpu cpu, long value, long to, long flags) {
        if ((flags & MapFlags.BPF_F_LOCK) != 0) {
            copyLocked(cpu, value, to, value);
        } else {
            layout.copy(value, to);
        }
        layout.initialize(to);
    }

    /** {@code bpf_obj_cancel_fields}. */
    final void cancelFields(Cpu cpu, long value) {
        if (layout.isCancellable()) {
            environment.canceller().cancel(cpu, this, value);
        }
    }

    /** Fails unless the value can be read, so that nothing fails half way. */
    final void requireReadable(long value, int size) {
        GuestMemory.getByte(value);
        GuestMemory.getByte(value + size - 1);
    }

    /** Takes the map out of its machine and frees its memory; nothing may use it any more. */
    @Override
    public void close() {
        environment.table().remove(this);
        arena.close();
    }

    @Override
    public final String toString() {
        return type().display() + " map " + name() + "#" + id;
    }
}
