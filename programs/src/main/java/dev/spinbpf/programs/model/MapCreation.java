package dev.spinbpf.programs.model;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * The checks that Linux makes of a map's attributes before it creates the map: sizes, flags and limits, by kind. The types of
 * its keys and values are another matter ({@link MapTypes}).
 */
public final class MapCreation {
    /** Largest block that the kernel allocates in one piece. */
    private static final long KMALLOC_MAX_SIZE = 4L << 20;

    /** Largest value of a per-CPU map. */
    private static final long PCPU_MIN_UNIT_SIZE = 32L << 10;

    /** {@code sizeof(struct htab_elem)} and of a bucket. */
    private static final long HTAB_ELEM_SIZE = 48;

    private static final long BUCKET_SIZE = 16;

    private static final long MOST_HASH_ENTRIES = 1L << 31;
    private static final long U32_MAX = 0xffffffffL;
    private static final long U16_MAX = 0xffffL;

    /** {@code BPF_LOCAL_STORAGE_MAX_VALUE_SIZE}: 65535 less {@code sizeof(struct bpf_local_storage_elem)}. */
    private static final long LOCAL_STORAGE_VALUE_MAX = U16_MAX - 128;

    private static final int LPM_DATA_MAX = 256;
    private static final int LPM_KEY_HEADER = 4;
    private static final long LPM_NODE_SIZE = 24;

    private static final long ARRAY_FLAGS = MapFlags.BPF_F_NUMA_NODE
            | MapFlags.BPF_F_MMAPABLE
            | MapFlags.BPF_F_ACCESS_MASK
            | MapFlags.BPF_F_PRESERVE_ELEMS
            | MapFlags.BPF_F_INNER_MAP;
    private static final long HASH_FLAGS = MapFlags.BPF_F_NO_PREALLOC
            | MapFlags.BPF_F_NO_COMMON_LRU
            | MapFlags.BPF_F_NUMA_NODE
            | MapFlags.BPF_F_ACCESS_MASK
            | MapFlags.BPF_F_ZERO_SEED;
    private static final long LPM_FLAGS =
            MapFlags.BPF_F_NO_PREALLOC | MapFlags.BPF_F_NUMA_NODE | MapFlags.BPF_F_ACCESS_MASK;
    private static final long QUEUE_FLAGS = MapFlags.BPF_F_NUMA_NODE | MapFlags.BPF_F_ACCESS_MASK;
    private static final long RINGBUF_FLAGS = MapFlags.BPF_F_NUMA_NODE | MapFlags.BPF_F_RB_OVERWRITE;
    private static final long BLOOM_FLAGS =
            MapFlags.BPF_F_NUMA_NODE | MapFlags.BPF_F_ZERO_SEED | MapFlags.BPF_F_ACCESS_MASK;
    private static final long LOCAL_STORAGE_FLAGS = MapFlags.BPF_F_NO_PREALLOC | MapFlags.BPF_F_CLONE;
    private static final long BOTH_PROG_ACCESS = MapFlags.BPF_F_RDONLY_PROG | MapFlags.BPF_F_WRONLY_PROG;
    private static final long BOTH_ACCESS = MapFlags.BPF_F_RDONLY | MapFlags.BPF_F_WRONLY;

    private static final long STACK_TRACE_FLAGS =
            MapFlags.BPF_F_NUMA_NODE | BOTH_ACCESS | MapFlags.BPF_F_STACK_BUILD_ID;
    private static final long SLOT_FLAGS = MapFlags.BPF_F_NUMA_NODE | BOTH_ACCESS;
    private static final long CGROUP_STORAGE_FLAGS = MapFlags.BPF_F_NUMA_NODE | MapFlags.BPF_F_ACCESS_MASK;
    private static final long ARENA_FLAGS =
            MapFlags.BPF_F_MMAPABLE | MapFlags.BPF_F_SEGV_ON_FAULT | MapFlags.BPF_F_NO_USER_CONV;

    /** Most frames of a stack trace, as {@code kernel.perf_event_max_stack} is without being set. */
    private static final int MAX_STACK_FRAMES = 127;

    private static final int STACK_BUILD_ID_BYTES = 32;

    /** Most CPUs that a kernel can be built for. */
    private static final int MOST_CPUS = 8192;

    private static final long ARENA_MAX_BYTES = 1L << 32;

    private final MapDef def;
    private final boolean typed;

    private MapCreation(MapDef def, boolean typed) {
        this.def = def;
        this.typed = typed;
    }

    /**
     * Refuses what Linux refuses.
     *
     * @param typed whether the map is to be made with the types that its definition names
     * @throws MapRefusedException if Linux would not create the map
     */
    public static void check(MapDef def, boolean typed) throws MapRefusedException {
        MapCreation checks = new MapCreation(def, typed);
        checks.checkCommon();
        switch (def.type()) {
            case ARRAY, PERCPU_ARRAY -> checks.checkArray();
            case PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY -> checks.checkSlots();
            case ARRAY_OF_MAPS -> {
                checks.checkSlots();
                checks.checkInner();
            }
            case HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH -> checks.checkHash();
            case HASH_OF_MAPS -> {
                checks.require(
                        def.valueSize() == 4,
                        EINVAL,
                        "the value of a map of maps must be 4 bytes, not " + def.valueSize());
                checks.checkHash();
                checks.checkInner();
            }
            case LPM_TRIE -> checks.checkTrie();
            case QUEUE, STACK -> checks.checkQueue();
            case RINGBUF, USER_RINGBUF -> checks.checkRingBuffer();
            case BLOOM_FILTER -> checks.checkBloomFilter();
            case RHASH -> checks.checkResizableHash();
            case TASK_STORAGE, SK_STORAGE, INODE_STORAGE, CGRP_STORAGE -> checks.checkLocalStorage();
            case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE -> checks.checkCgroupStorage();
            case STACK_TRACE -> checks.checkStackTrace();
            case DEVMAP, DEVMAP_HASH, CPUMAP -> checks.checkRedirect();
            case XSKMAP -> checks.checkXskMap();
            case SOCKMAP -> checks.checkSockMap();
            case SOCKHASH -> checks.checkSockHash();
            case REUSEPORT_SOCKARRAY -> {
                checks.requireSocketValue();
                checks.checkArray();
            }
            case ARENA -> checks.checkArena();
            case INSN_ARRAY -> checks.checkInsnArray();
            case UNSPEC -> checks.require(false, EINVAL, "type 0 is none");
            case STRUCT_OPS -> {
                // its attributes are the kernel's
            }
        }
    }

    private void require(boolean holds, int errno, String otherwise) throws MapRefusedException {
        if (!holds) {
            throw new MapRefusedException(errno, otherwise);
        }
    }

    private boolean has(long flag) {
        return (def.flags() & flag) != 0;
    }

    private void checkCommon() throws MapRefusedException {
        require(
                !typed || def.keyTypeId() == 0 || def.valueTypeId() != 0,
                EINVAL,
                "the type of the key is known, that of the value is not");
        boolean mayHaveExtra =
                def.type() == MapType.BLOOM_FILTER || def.type() == MapType.ARENA || def.type() == MapType.RHASH;
        require(
                mayHaveExtra || def.mapExtra() == 0,
                EINVAL,
                "map_extra means nothing for type " + def.type().display());
        require(
                !has(MapFlags.BPF_F_NUMA_NODE) || def.numaNode() == 0,
                EINVAL,
                "there is no NUMA node " + def.numaNode());
        require((def.flags() & BOTH_ACCESS) != BOTH_ACCESS, EINVAL, "BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
    }

    private void requireKnownFlags(long allowed) throws MapRefusedException {
        long unknown = def.flags() & ~allowed;
        require(
                unknown == 0,
                EINVAL,
                "flags 0x" + Long.toHexString(unknown) + " are not for type "
                        + def.type().display());
    }

    private void checkFlags(long allowed) throws MapRefusedException {
        requireKnownFlags(allowed);
        require(
                (def.flags() & BOTH_PROG_ACCESS) != BOTH_PROG_ACCESS,
                EINVAL,
                "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
    }

    private void requireEntries() throws MapRefusedException {
        require(def.maxEntries() > 0 && def.maxEntries() <= U32_MAX, EINVAL, "max_entries must not be 0");
    }

    private void requireValue() throws MapRefusedException {
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
    }

    private void requireValue(int bytes) throws MapRefusedException {
        require(
                def.valueSize() == bytes,
                EINVAL,
                "the value of type " + def.type().display() + " must be " + bytes + " bytes, not "
                        + sizeText(def.valueSize()));
    }

    private boolean isPercpu() {
        return switch (def.type()) {
            case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH -> true;
            default -> false;
        };
    }

    private void requirePercpuValueFits() throws MapRefusedException {
        require(
                !isPercpu() || (Integer.toUnsignedLong(def.valueSize()) + 7 & -8L) <= PCPU_MIN_UNIT_SIZE,
                E2BIG,
                "a per-CPU value of " + def.valueSize() + " bytes is more than " + PCPU_MIN_UNIT_SIZE);
    }

    private void checkArray() throws MapRefusedException {
        requireEntries();
        require(def.keySize() == 4, EINVAL, "the key of an array must be 4 bytes, not " + def.keySize());
        requireValue();
        checkFlags(ARRAY_FLAGS);
        require(
                !isPercpu() || !has(MapFlags.BPF_F_NUMA_NODE),
                EINVAL,
                "BPF_F_NUMA_NODE means nothing for a per-CPU map");
        require(
                def.type() == MapType.ARRAY || !has(MapFlags.BPF_F_MMAPABLE | MapFlags.BPF_F_INNER_MAP),
                EINVAL,
                "BPF_F_MMAPABLE and BPF_F_INNER_MAP are for type array");
        require(
                def.type() == MapType.PERF_EVENT_ARRAY || !has(MapFlags.BPF_F_PRESERVE_ELEMS),
                EINVAL,
                "BPF_F_PRESERVE_ELEMS is for type perf_event_array");
        require(def.valueSize() > 0, E2BIG, "a value of " + sizeText(def.valueSize()) + " bytes is too large");
        requirePercpuValueFits();
    }

    private static String sizeText(int size) {
        return Integer.toUnsignedString(size);
    }

    private void checkSlots() throws MapRefusedException {
        requireValue(4);
        require(
                !has(BOTH_PROG_ACCESS),
                EINVAL,
                "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG are not for type "
                        + def.type().display());
        checkArray();
    }

    private void checkInner() throws MapRefusedException {
        MapDef inner = def.inner();
        require(inner != null, EINVAL, "a map of maps needs the definition of its inner map");
        if (inner == null) {
            return;
        }
        check(inner, inner.keyTypeId() != 0 && inner.valueTypeId() != 0);
        require(inner.inner() == null, EINVAL, "an inner map must not be a map of maps itself");
        boolean comparable =
                switch (inner.type()) {
                    case PROG_ARRAY, CGROUP_STORAGE, PERCPU_CGROUP_STORAGE, STRUCT_OPS -> false;
                    default -> true;
                };
        require(comparable, ENOTSUPP, "a map of type " + inner.type().display() + " cannot be an inner map");
    }

    private void checkHash() throws MapRefusedException {
        boolean lru = def.type() == MapType.LRU_HASH || def.type() == MapType.LRU_PERCPU_HASH;
        checkFlags(HASH_FLAGS);
        require(lru || !has(MapFlags.BPF_F_NO_COMMON_LRU), EINVAL, "BPF_F_NO_COMMON_LRU is for LRU maps");
        require(!lru || !has(MapFlags.BPF_F_NO_PREALLOC), ENOTSUPP, "an LRU map is always pre-allocated");
        require(
                !has(MapFlags.BPF_F_NUMA_NODE) || !isPercpu() && !has(MapFlags.BPF_F_NO_COMMON_LRU),
                EINVAL,
                "BPF_F_NUMA_NODE means nothing for a per-CPU map");
        requireEntries();
        require(def.keySize() != 0, EINVAL, "key_size must not be 0");
        requireValue();
        long size = Integer.toUnsignedLong(def.keySize()) + Integer.toUnsignedLong(def.valueSize());
        require(
                size < KMALLOC_MAX_SIZE - HTAB_ELEM_SIZE,
                E2BIG,
                "key and value of " + size + " bytes together are too large");
        requirePercpuValueFits();
        requireBuckets(E2BIG);
    }

    /** A bucket for each element, rounded up to a power of two, must have room in memory. */
    private void requireBuckets(int errno) throws MapRefusedException {
        require(
                def.maxEntries() <= MOST_HASH_ENTRIES && roundedUp(def.maxEntries()) <= U32_MAX / BUCKET_SIZE,
                errno,
                "max_entries of " + def.maxEntries() + " is too large");
    }

    private void checkResizableHash() throws MapRefusedException {
        require(has(MapFlags.BPF_F_NO_PREALLOC), EINVAL, "an rhash needs BPF_F_NO_PREALLOC");
        require(!has(MapFlags.BPF_F_ZERO_SEED), EINVAL, "BPF_F_ZERO_SEED is not for type rhash");
        require(
                Integer.toUnsignedLong(def.keySize()) <= U16_MAX,
                E2BIG,
                "the key of an rhash may be at most 65535 bytes, not " + sizeText(def.keySize()));
        require(
                def.mapExtra() >>> 32 == 0,
                EINVAL,
                "map_extra of an rhash is a number of elements to begin with and has 32 bits");
        require(def.mapExtra() <= U16_MAX, E2BIG, "an rhash begins with at most 65535 elements, not " + def.mapExtra());
        require(
                def.mapExtra() <= def.maxEntries(),
                EINVAL,
                "an rhash for " + def.maxEntries() + " elements cannot begin with " + def.mapExtra());
        checkHash();
    }

    private void checkLocalStorage() throws MapRefusedException {
        String type = def.type().display();
        long unknown = def.flags() & ~LOCAL_STORAGE_FLAGS;
        require(unknown == 0, EINVAL, "flags 0x" + Long.toHexString(unknown) + " are not for type " + type);
        require(has(MapFlags.BPF_F_NO_PREALLOC), EINVAL, "type " + type + " needs BPF_F_NO_PREALLOC");
        require(
                def.maxEntries() == 0,
                EINVAL,
                "type " + type + " has a value for each owner, max_entries must be 0, not " + def.maxEntries());
        requireKey(4);
        requireValue();
        require(
                typed && def.keyTypeId() != 0 && def.valueTypeId() != 0,
                EINVAL,
                "type " + type + " needs the types of key and value");
        require(
                Integer.toUnsignedLong(def.valueSize()) <= LOCAL_STORAGE_VALUE_MAX,
                E2BIG,
                "a value of " + sizeText(def.valueSize()) + " bytes is more than " + LOCAL_STORAGE_VALUE_MAX);
    }

    private void checkTrie() throws MapRefusedException {
        requireEntries();
        require(has(MapFlags.BPF_F_NO_PREALLOC), EINVAL, "an lpm_trie needs BPF_F_NO_PREALLOC");
        checkFlags(LPM_FLAGS);
        require(
                def.keySize() > LPM_KEY_HEADER && def.keySize() <= LPM_KEY_HEADER + LPM_DATA_MAX,
                EINVAL,
                "the key of an lpm_trie must be a prefix length of 4 bytes and 1 to 256 bytes of data, not "
                        + sizeText(def.keySize()) + " bytes");
        require(
                def.valueSize() > 0 && def.valueSize() <= KMALLOC_MAX_SIZE - LPM_DATA_MAX - LPM_NODE_SIZE,
                EINVAL,
                "a value of " + sizeText(def.valueSize()) + " bytes is not possible");
    }

    private void requireNoKey() throws MapRefusedException {
        require(
                def.keySize() == 0,
                EINVAL,
                "type " + def.type().display() + " has no keys, key_size must be 0, not " + sizeText(def.keySize()));
    }

    private static long roundedUp(long entries) {
        return entries <= 1 ? 1 : Long.highestOneBit(entries - 1) << 1;
    }

    private void checkQueue() throws MapRefusedException {
        requireEntries();
        requireNoKey();
        requireValue();
        checkFlags(QUEUE_FLAGS);
        requireBlock();
        require(
                def.maxEntries() < U32_MAX / Integer.toUnsignedLong(def.valueSize()),
                E2BIG,
                def.maxEntries() + " values of " + def.valueSize() + " bytes are too many");
    }

    private void requireBlock() throws MapRefusedException {
        require(
                Integer.toUnsignedLong(def.valueSize()) <= KMALLOC_MAX_SIZE,
                E2BIG,
                "a value of " + sizeText(def.valueSize()) + " bytes is too large");
    }

    private void checkRingBuffer() throws MapRefusedException {
        requireKnownFlags(RINGBUF_FLAGS);
        require(
                def.type() == MapType.RINGBUF || !has(MapFlags.BPF_F_RB_OVERWRITE),
                EINVAL,
                "BPF_F_RB_OVERWRITE is for type ringbuf");
        requireNoKey();
        require(def.valueSize() == 0, EINVAL, "a ring buffer has no values, value_size must be 0");
        require(
                Long.bitCount(def.maxEntries()) == 1
                        && def.maxEntries() % KernelLimits.PAGE_SIZE == 0
                        && def.maxEntries() <= U32_MAX,
                EINVAL,
                "the size of a ring buffer must be a power of two and a multiple of the page size, not "
                        + def.maxEntries());
    }

    private void checkBloomFilter() throws MapRefusedException {
        requireBlock();
        requireNoKey();
        requireValue();
        requireEntries();
        checkFlags(BLOOM_FLAGS);
        require((def.mapExtra() & ~0xfL) == 0, EINVAL, "a bloom filter has at most 15 hash functions");
    }

    private void requireKey(int bytes) throws MapRefusedException {
        require(
                def.keySize() == bytes,
                EINVAL,
                "the key of type " + def.type().display() + " must be " + bytes + " bytes, not "
                        + sizeText(def.keySize()));
    }

    private void requireSocketValue() throws MapRefusedException {
        require(
                def.valueSize() == 4 || def.valueSize() == 8,
                EINVAL,
                "the value of type " + def.type().display() + " must be 4 or 8 bytes, not "
                        + sizeText(def.valueSize()));
    }

    private void checkCgroupStorage() throws MapRefusedException {
        String type = def.type().display();
        require(
                def.keySize() == 8 || def.keySize() == 16,
                EINVAL,
                "the key of type " + type + " must be 8 or 16 bytes, not " + sizeText(def.keySize()));
        requireValue();
        long most = def.type() == MapType.PERCPU_CGROUP_STORAGE ? PCPU_MIN_UNIT_SIZE : LOCAL_STORAGE_VALUE_MAX;
        require(
                Integer.toUnsignedLong(def.valueSize()) <= most,
                E2BIG,
                "a value of " + sizeText(def.valueSize()) + " bytes is more than " + most);
        checkFlags(CGROUP_STORAGE_FLAGS);
        require(
                def.maxEntries() == 0,
                EINVAL,
                "type " + type + " has a value for each cgroup, max_entries must be 0, not " + def.maxEntries());
    }

    private void checkStackTrace() throws MapRefusedException {
        checkFlags(STACK_TRACE_FLAGS);
        requireEntries();
        requireKey(4);
        int frame = has(MapFlags.BPF_F_STACK_BUILD_ID) ? STACK_BUILD_ID_BYTES : Long.BYTES;
        require(
                def.valueSize() > 0 && def.valueSize() % frame == 0 && def.valueSize() / frame <= MAX_STACK_FRAMES,
                EINVAL,
                "the value of type stack_trace must be 1 to " + MAX_STACK_FRAMES + " frames of " + frame
                        + " bytes, not " + sizeText(def.valueSize()) + " bytes");
        require(def.maxEntries() <= MOST_HASH_ENTRIES, E2BIG, "max_entries of " + def.maxEntries() + " is too large");
    }

    /** Devices and CPUs that packets are sent on to: a value is the target alone, or with a program. */
    private void checkRedirect() throws MapRefusedException {
        requireEntries();
        requireKey(4);
        requireSocketValue();
        checkFlags(def.type() == MapType.CPUMAP ? MapFlags.BPF_F_NUMA_NODE : SLOT_FLAGS);
        require(
                def.type() != MapType.DEVMAP_HASH || def.maxEntries() <= MOST_HASH_ENTRIES,
                EINVAL,
                "max_entries of " + def.maxEntries() + " is too large");
        require(
                def.type() != MapType.CPUMAP || def.maxEntries() <= MOST_CPUS,
                E2BIG,
                "max_entries of " + def.maxEntries() + " is more than the " + MOST_CPUS
                        + " CPUs that a kernel can have");
    }

    private void checkXskMap() throws MapRefusedException {
        requireEntries();
        requireKey(4);
        requireValue(4);
        checkFlags(SLOT_FLAGS);
    }

    private void checkSockMap() throws MapRefusedException {
        requireEntries();
        requireKey(4);
        require(def.maxEntries() <= Integer.MAX_VALUE, EINVAL, "max_entries of " + def.maxEntries() + " is too large");
        requireSocketValue();
        checkFlags(SLOT_FLAGS);
    }

    private void checkSockHash() throws MapRefusedException {
        requireEntries();
        require(def.keySize() != 0, EINVAL, "key_size must not be 0");
        requireSocketValue();
        checkFlags(SLOT_FLAGS);
        require(
                def.keySize() > 0 && def.keySize() <= KernelLimits.MAX_BPF_STACK,
                E2BIG,
                "a key of " + sizeText(def.keySize()) + " bytes is more than " + KernelLimits.MAX_BPF_STACK);
        requireBuckets(EINVAL);
    }

    private void checkArena() throws MapRefusedException {
        require(
                def.keySize() == 0 && def.valueSize() == 0,
                EINVAL,
                "an arena has neither keys nor values, key_size and value_size must be 0");
        requireEntries();
        require(has(MapFlags.BPF_F_MMAPABLE), EINVAL, "an arena needs BPF_F_MMAPABLE");
        checkFlags(ARENA_FLAGS);
        require(
                def.mapExtra() % KernelLimits.PAGE_SIZE == 0,
                EINVAL,
                "map_extra of an arena is an address at which a page begins");
        long bytes = def.maxEntries() * KernelLimits.PAGE_SIZE;
        require(bytes <= ARENA_MAX_BYTES, E2BIG, "an arena of " + def.maxEntries() + " pages is more than 4 GiB");
        require(
                def.mapExtra() >>> 32 == def.mapExtra() + bytes - 1 >>> 32,
                ERANGE,
                "an arena must not cross a multiple of 4 GiB, as one of " + bytes + " bytes at 0x"
                        + Long.toHexString(def.mapExtra()) + " would");
    }

    private void checkInsnArray() throws MapRefusedException {
        requireEntries();
        requireKey(4);
        requireValue(KernelLimits.INSN_ARRAY_VALUE_BYTES);
        checkFlags(0);
    }
}
