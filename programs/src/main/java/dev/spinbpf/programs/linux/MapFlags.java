package dev.spinbpf.programs.linux;

/**
 * Flags of {@code BPF_MAP_CREATE}, of the operations on elements and of helpers on maps, with the kernel's names and
 * values.
 */
public final class MapFlags {
    /** Create a new element or update an existing one. */
    public static final long BPF_ANY = 0;
    /** Create a new element only if there was none. */
    public static final long BPF_NOEXIST = 1;
    /** Update an existing element only. */
    public static final long BPF_EXIST = 2;
    /** Copy the value while its {@code bpf_spin_lock} is held. */
    public static final long BPF_F_LOCK = 4;
    /** User space: the value of the one CPU whose number is in the upper half. */
    public static final long BPF_F_CPU = 8;
    /** User space: the same value on all CPUs. */
    public static final long BPF_F_ALL_CPUS = 16;

    public static final long BPF_F_NO_PREALLOC = 1L;
    public static final long BPF_F_NO_COMMON_LRU = 1L << 1;
    public static final long BPF_F_NUMA_NODE = 1L << 2;
    public static final long BPF_F_RDONLY = 1L << 3;
    public static final long BPF_F_WRONLY = 1L << 4;
    public static final long BPF_F_STACK_BUILD_ID = 1L << 5;
    public static final long BPF_F_ZERO_SEED = 1L << 6;
    public static final long BPF_F_RDONLY_PROG = 1L << 7;
    public static final long BPF_F_WRONLY_PROG = 1L << 8;
    public static final long BPF_F_CLONE = 1L << 9;
    public static final long BPF_F_MMAPABLE = 1L << 10;
    public static final long BPF_F_PRESERVE_ELEMS = 1L << 11;
    public static final long BPF_F_INNER_MAP = 1L << 12;
    public static final long BPF_F_SEGV_ON_FAULT = 1L << 17;
    public static final long BPF_F_NO_USER_CONV = 1L << 18;
    public static final long BPF_F_RB_OVERWRITE = 1L << 19;

    /** All that restrict access. */
    public static final long BPF_F_ACCESS_MASK = BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG;

    /** Ring buffer: do not wake the consumer. */
    public static final long BPF_RB_NO_WAKEUP = 1;
    /** Ring buffer: wake the consumer though it has not caught up. */
    public static final long BPF_RB_FORCE_WAKEUP = 2;

    /** {@code bpf_ringbuf_query}: bytes that are not consumed yet. */
    public static final long BPF_RB_AVAIL_DATA = 0;
    /** {@code bpf_ringbuf_query}: the buffer's size. */
    public static final long BPF_RB_RING_SIZE = 1;
    /** {@code bpf_ringbuf_query}: the consumer's position. */
    public static final long BPF_RB_CONS_POS = 2;
    /** {@code bpf_ringbuf_query}: the producers' position. */
    public static final long BPF_RB_PROD_POS = 3;
    /** {@code bpf_ringbuf_query}: the position after the last record that was overwritten. */
    public static final long BPF_RB_OVERWRITE_POS = 4;

    /** {@code bpf_task_storage_get} and its kin: make a value if there is none. */
    public static final long BPF_LOCAL_STORAGE_GET_F_CREATE = 1;

    /** {@code bpf_perf_event_output}: the part of the flags that is an index. */
    public static final long BPF_F_INDEX_MASK = 0xffffffffL;
    /** {@code bpf_perf_event_output} of a packet: the part of the flags that says how many of its bytes are added. */
    public static final long BPF_F_CTXLEN_MASK = 0xfffffL << 32;
    /** {@code bpf_perf_event_output}: the index is this CPU. */
    public static final long BPF_F_CURRENT_CPU = 0xffffffffL;

    /** The number of innermost frames that {@code bpf_get_stack} and its kin leave out. */
    public static final long BPF_F_SKIP_FIELD_MASK = 0xff;
    /** The stack of user space in place of the kernel's. */
    public static final long BPF_F_USER_STACK = 1L << 8;
    /** A stack is the one that is there if the hash is the same. */
    public static final long BPF_F_FAST_STACK_CMP = 1L << 9;
    /** Another stack of the same bucket is replaced. */
    public static final long BPF_F_REUSE_STACKID = 1L << 10;
    /** Frames of user space are named by the build of their file. */
    public static final long BPF_F_USER_BUILD_ID = 1L << 11;

    private MapFlags() {}
}
