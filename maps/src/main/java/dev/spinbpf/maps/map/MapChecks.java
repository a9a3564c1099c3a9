package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;

/** The checks that Linux makes before it creates a map: sizes, flags and limits, by kind. */
final class MapChecks {
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

    private final MapDef def;

    private MapChecks(MapDef def) {
        this.def = def;
    }

    /** Refuses what Linux refuses, as far as it supports the kind at all. */
    static void check(MapDef def) throws MapCreationException {
        MapChecks checks = new MapChecks(def);
        checks.checkCommon();
        switch (def.type()) {
            case ARRAY, PERCPU_ARRAY -> checks.checkArray();
            case PROG_ARRAY, PERF_EVENT_ARRAY -> checks.checkSlots();
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
            case TASK_STORAGE -> checks.checkLocalStorage();
            default -> {}
        }
    }

    private void require(boolean holds, int errno, String otherwise) throws MapCreationException {
        if (!holds) {
            throw new MapCreationException(errno, def.name(), otherwise);
        }
    }

    private boolean has(long flag) {
        return (def.flags() & flag) != 0;
    }

    private void checkCommon() throws MapCreationException {
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

    private void requireKnownFlags(long allowed) throws MapCreationException {
        long unknown = def.flags() & ~allowed;
        require(
                unknown == 0,
                EINVAL,
                "flags 0x" + Long.toHexString(unknown) + " are not for type "
                        + def.type().display());
    }

    private void checkFlags(long allowed) throws MapCreationException {
        requireKnownFlags(allowed);
        require(
                (def.flags() & BOTH_PROG_ACCESS) != BOTH_PROG_ACCESS,
                EINVAL,
                "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
    }

    private void requireEntries() throws MapCreationException {
        require(def.maxEntries() > 0 && def.maxEntries() <= U32_MAX, EINVAL, "max_entries must not be 0");
    }

    private boolean isPercpu() {
        return switch (def.type()) {
            case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH -> true;
            default -> false;
        };
    }

    private void requirePercpuValueFits() throws MapCreationException {
        require(
                !isPercpu() || Bytes.roundUp8(def.valueSize()) <= PCPU_MIN_UNIT_SIZE,
                E2BIG,
                "a per-CPU value of " + def.valueSize() + " bytes is more than " + PCPU_MIN_UNIT_SIZE);
    }

    private void checkArray() throws MapCreationException {
        requireEntries();
        require(def.keySize() == 4, EINVAL, "the key of an array must be 4 bytes, not " + def.keySize());
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
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

    private void checkSlots() throws MapCreationException {
        require(
                def.valueSize() == 4,
                EINVAL,
                "the value of type " + def.type().display() + " must be 4 bytes, not " + sizeText(def.valueSize()));
        require(
                !has(BOTH_PROG_ACCESS),
                EINVAL,
                "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG are not for type "
                        + def.type().display());
        checkArray();
    }

    private void checkInner() throws MapCreationException {
        MapDef inner = def.inner();
        require(inner != null, EINVAL, "a map of maps needs the definition of its inner map");
        if (inner == null) {
            return;
        }
        check(inner);
        require(inner.inner() == null, EINVAL, "an inner map must not be a map of maps itself");
        boolean comparable =
                switch (inner.type()) {
                    case PROG_ARRAY, CGROUP_STORAGE, PERCPU_CGROUP_STORAGE, STRUCT_OPS -> false;
                    default -> true;
                };
        require(comparable, ENOTSUPP, "a map of type " + inner.type().display() + " cannot be an inner map");
    }

    private void checkHash() throws MapCreationException {
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
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
        long size = Integer.toUnsignedLong(def.keySize()) + Integer.toUnsignedLong(def.valueSize());
        require(
                size < KMALLOC_MAX_SIZE - HTAB_ELEM_SIZE,
                E2BIG,
                "key and value of " + size + " bytes together are too large");
        requirePercpuValueFits();
        require(
                def.maxEntries() <= MOST_HASH_ENTRIES
                        && HashTableMap.bucketCount(def.maxEntries()) <= U32_MAX / BUCKET_SIZE,
                E2BIG,
                "max_entries of " + def.maxEntries() + " is too large");
    }

    private void checkResizableHash() throws MapCreationException {
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

    private void checkLocalStorage() throws MapCreationException {
        String type = def.type().display();
        long unknown = def.flags() & ~LOCAL_STORAGE_FLAGS;
        require(unknown == 0, EINVAL, "flags 0x" + Long.toHexString(unknown) + " are not for type " + type);
        require(has(MapFlags.BPF_F_NO_PREALLOC), EINVAL, "type " + type + " needs BPF_F_NO_PREALLOC");
        require(
                def.maxEntries() == 0,
                EINVAL,
                "type " + type + " has a value for each owner, max_entries must be 0, not " + def.maxEntries());
        require(
                def.keySize() == 4,
                EINVAL,
                "the key of type " + type + " must be 4 bytes, not " + sizeText(def.keySize()));
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
        require(
                def.keyTypeId() != 0 && def.valueTypeId() != 0,
                EINVAL,
                "type " + type + " needs the types of key and value");
        require(
                Integer.toUnsignedLong(def.valueSize()) <= LOCAL_STORAGE_VALUE_MAX,
                E2BIG,
                "a value of " + sizeText(def.valueSize()) + " bytes is more than " + LOCAL_STORAGE_VALUE_MAX);
    }

    private void checkTrie() throws MapCreationException {
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

    private void requireNoKey() throws MapCreationException {
        require(
                def.keySize() == 0,
                EINVAL,
                "type " + def.type().display() + " has no keys, key_size must be 0, not " + sizeText(def.keySize()));
    }

    private void checkQueue() throws MapCreationException {
        requireEntries();
        requireNoKey();
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
        checkFlags(QUEUE_FLAGS);
        requireBlock();
    }

    private void requireBlock() throws MapCreationException {
        require(
                Integer.toUnsignedLong(def.valueSize()) <= KMALLOC_MAX_SIZE,
                E2BIG,
                "a value of " + sizeText(def.valueSize()) + " bytes is too large");
    }

    private void checkRingBuffer() throws MapCreationException {
        requireKnownFlags(RINGBUF_FLAGS);
        require(
                def.type() == MapType.RINGBUF || !has(MapFlags.BPF_F_RB_OVERWRITE),
                EINVAL,
                "BPF_F_RB_OVERWRITE is for type ringbuf");
        requireNoKey();
        require(def.valueSize() == 0, EINVAL, "a ring buffer has no values, value_size must be 0");
        require(
                Long.bitCount(def.maxEntries()) == 1
                        && def.maxEntries() % GuestMemory.PAGE_SIZE == 0
                        && def.maxEntries() <= U32_MAX,
                EINVAL,
                "the size of a ring buffer must be a power of two and a multiple of the page size, not "
                        + def.maxEntries());
    }

    private void checkBloomFilter() throws MapCreationException {
        requireBlock();
        requireNoKey();
        require(def.valueSize() != 0, EINVAL, "value_size must not be 0");
        requireEntries();
        checkFlags(BLOOM_FLAGS);
        require((def.mapExtra() & ~0xfL) == 0, EINVAL, "a bloom filter has at most 15 hash functions");
    }

    // Special fields.

    /**
     * The special fields of a map's values; none where Linux refuses the types, or the map may not hold what they hold.
     */
    static BtfRecord recordOf(MapDef def, Btf btf) {
        int valueType = def.valueTypeId();
        if (valueType == 0 || valueType >= btf.size() || btf.sizeOf(valueType) != def.valueSize()) {
            return BtfRecord.EMPTY;
        }
        BtfRecord record = BtfRecord.parse(btf, valueType, BtfRecord.MAP_VALUE_KINDS, def.valueSize());
        if (record.isEmpty() || (def.flags() & BOTH_PROG_ACCESS) != 0) {
            return BtfRecord.EMPTY;
        }
        for (BtfField field : record.fields()) {
            if (!mayHold(def.type(), field.kind())) {
                return BtfRecord.EMPTY;
            }
        }
        boolean badKey = def.type() == MapType.ARRAY
                && def.keyTypeId() == 0
                && (def.maxEntries() != 1 || !(btf.resolved(valueType) instanceof BtfType.DataSec));
        return badKey ? BtfRecord.EMPTY : record;
    }

    private static boolean mayHold(MapType type, BtfField.Kind kind) {
        return switch (kind) {
            case BPF_SPIN_LOCK, BPF_RES_SPIN_LOCK ->
                switch (type) {
                    case HASH, RHASH, ARRAY, TASK_STORAGE -> true;
                    default -> false;
                };
            case BPF_TIMER, BPF_WORKQUEUE, BPF_TASK_WORK ->
                switch (type) {
                    case HASH, RHASH, ARRAY, LRU_HASH -> true;
                    default -> false;
                };
            case BPF_LIST_HEAD, BPF_RB_ROOT ->
                type == MapType.HASH || type == MapType.ARRAY || type == MapType.LRU_HASH;
            case BPF_KPTR_UNREF, BPF_KPTR_REF, BPF_KPTR_PERCPU, BPF_REFCOUNT ->
                switch (type) {
                    case HASH, RHASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, ARRAY, PERCPU_ARRAY, TASK_STORAGE -> true;
                    default -> false;
                };
            default -> false;
        };
    }
}
