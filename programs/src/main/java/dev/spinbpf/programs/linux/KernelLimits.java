package dev.spinbpf.programs.linux;

/** Limits and sizes that Linux sets to every program and map, under the kernel's names. */
public final class KernelLimits {
    /** Bytes of stack that one call frame, and a chain of frames together, may use. */
    public static final int MAX_BPF_STACK = 512;

    /** Frames that are open at the same time, the main program's included. */
    public static final int MAX_CALL_FRAMES = 16;

    /** Registers: R0 to R9 and the frame pointer. */
    public static final int MAX_BPF_REG = 11;

    /** Bytes of a register, and of a stack slot. */
    public static final int BPF_REG_SIZE = 8;

    /** Registers from R0 on that a call overwrites. */
    public static final int CALLER_SAVED_REGS = 6;

    /** Arguments that are passed in registers. */
    public static final int MAX_BPF_FUNC_REG_ARGS = 5;

    /** Arguments of a function that a program attaches to or defines. */
    public static final int MAX_BPF_FUNC_ARGS = 12;

    /** Subprograms of a program, the main program included. */
    public static final int BPF_MAX_SUBPROGS = 256;

    /** Most CPUs that a distribution's kernel for x86-64 is built for. */
    public static final int NR_CPUS = 8192;

    /** Instructions that the verifier processes, and that a privileged program may have. */
    public static final int BPF_COMPLEXITY_LIMIT_INSNS = 1_000_000;

    /** Branches that wait to be explored. */
    public static final int BPF_COMPLEXITY_LIMIT_JMP_SEQ = 8192;

    /** Different maps that one program uses. */
    public static final int MAX_USED_MAPS = 64;

    /** The offset of a pointer, in either direction, stays below this. */
    public static final int BPF_MAX_VAR_OFF = 1 << 29;

    /** The size of a memory argument stays below this. */
    public static final int BPF_MAX_VAR_SIZ = 1 << 29;

    /** The largest variable offset into a context. */
    public static final int MAX_CTX_OFF = 0xffff;

    /** The largest offset into a packet. */
    public static final int MAX_PACKET_OFF = 0xffff;

    /** Tail calls of one run. */
    public static final int MAX_TAIL_CALL_CNT = 33;

    /** Rounds of a loop by helper, iterator or {@code may_goto}. */
    public static final int BPF_MAX_LOOPS = 8 << 20;

    /** Bytes that hold a map's or program's name, the closing zero included. */
    public static final int BPF_OBJ_NAME_LEN = 16;

    /** Characters of such a name. */
    public static final int MAX_NAME_CHARS = BPF_OBJ_NAME_LEN - 1;

    /** The largest error number that a pointer or a return value can hold. */
    public static final int MAX_ERRNO = 4095;

    /** Bytes of a {@code struct bpf_dynptr}. */
    public static final int BPF_DYNPTR_BYTES = 16;

    /** Bytes of a {@code struct bpf_flow_keys}. */
    public static final int BPF_FLOW_KEYS_BYTES = 56;

    /** Bytes of a {@code struct bpf_perf_event_data} on x86-64. */
    public static final int BPF_PERF_EVENT_DATA_BYTES = 184;

    /** Bytes of an element of an array of jump targets ({@code struct bpf_insn_array_value}). */
    public static final int INSN_ARRAY_VALUE_BYTES = 16;

    /** Bytes of an Ethernet header. */
    public static final int ETH_HLEN = 14;

    /** Bytes of a page. */
    public static final int PAGE_SIZE = 4096;

    private KernelLimits() {}
}
