package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TrapException;
import java.util.function.LongUnaryOperator;

/**
 * Dynamic pointers: to memory of the program, a ring buffer's record, or a packet.
 *
 * <pre>
 *   data, or the context of a packet(8) size in bits 0-23, type in 28-30, read-only in 31(4) offset(4)
 * </pre>
 */
final class DynptrHelpers {

    /** {@code DYNPTR_MAX_SIZE}. */
    static final long LARGEST = (1 << 24) - 1;

    static final int LOCAL = 1;
    static final int RINGBUF = 2;

    private static final int SKB = 3;
    private static final int XDP = 4;
    private static final int SIZE = 8;
    private static final int OFFSET = 12;
    private static final int SIZE_MASK = 0xff_ffff;
    private static final int TYPE_SHIFT = 28;
    private static final int READ_ONLY = 1 << 31;

    private DynptrHelpers() {}

    static void register(FunctionTable table) {
        table.helper(
                "bpf_dynptr_from_mem", (_, data, size, flags, pointer, _) -> fromMemory(data, size, flags, pointer));
        table.helper(
                "bpf_dynptr_read", (_, to, size, pointer, offset, flags) -> read(to, size, pointer, offset, flags));
        table.helper(
                "bpf_dynptr_write",
                (_, pointer, offset, from, size, flags) -> write(pointer, offset, from, size, flags));
        table.helper("bpf_dynptr_data", (_, pointer, offset, size, _, _) -> data(pointer, offset, size));
        table.kfunc("bpf_dynptr_from_skb", DynptrHelpers::fromSkb);
        table.kfunc("bpf_dynptr_from_skb_meta", (_, context, flags, pointer, _, _) -> {
            if (flags != 0) {
                return fail(pointer, EINVAL);
            }
            PacketFields skb = PacketFields.SK_BUFF;
            long metadata = skb.dataMeta(context);
            initialize(pointer, metadata, LOCAL, skb.data(context) - metadata);
            return 0;
        });
        table.kfunc(
                "bpf_dynptr_from_xdp", (_, context, flags, pointer, _, _) -> fromPacket(XDP, context, flags, pointer));
        table.kfunc("bpf_dynptr_slice", (_, pointer, offset, _, size, _) -> slice(pointer, offset, size));
        table.kfunc(
                "bpf_dynptr_slice_rdwr",
                (_, pointer, offset, _, size, _) -> isReadOnly(pointer) ? 0 : slice(pointer, offset, size));
        table.kfunc("bpf_dynptr_adjust", (_, pointer, start, end, _, _) -> adjust(pointer, start, end));
        table.kfunc("bpf_dynptr_is_null", (_, pointer, _, _, _, _) -> isNull(pointer) ? 1 : 0);
        table.kfunc(
                "bpf_dynptr_is_rdonly", (_, pointer, _, _, _, _) -> !isNull(pointer) && isReadOnly(pointer) ? 1 : 0);
        table.kfunc("bpf_dynptr_size", (_, pointer, _, _, _, _) -> isNull(pointer) ? -EINVAL : size(pointer));
        table.kfunc("bpf_dynptr_clone", (_, pointer, clone, _, _, _) -> copyOf(pointer, clone));
        table.kfunc(
                "bpf_dynptr_copy",
                (_, to, toOffset, from, fromOffset, size) -> copy(to, toOffset, from, fromOffset, size));
        table.kfunc("bpf_dynptr_memset", (_, pointer, offset, size, value, _) -> fill(pointer, offset, size, value));
    }

    /** Makes a pointer; {@code size} is at most {@link #LARGEST}. */
    static void initialize(long pointer, long data, int type, long size) {
        GuestMemory.putLong(pointer, data);
        GuestMemory.putInt(pointer + SIZE, (int) size | type << TYPE_SHIFT);
        GuestMemory.putInt(pointer + OFFSET, 0);
    }

    /** A pointer to nothing, and the error that made it so. */
    private static long fail(long pointer, int error) {
        setNull(pointer);
        return -error;
    }

    /** Makes a pointer to nothing. */
    static void setNull(long pointer) {
        GuestMemory.fill(pointer, KernelLimits.BPF_DYNPTR_BYTES, (byte) 0);
    }

    /** Returns the address that a pointer points to, 0 for none. */
    static long data(long pointer) {
        return GuestMemory.getLong(pointer);
    }

    private static boolean isNull(long pointer) {
        return GuestMemory.getLong(pointer) == 0;
    }

    private static boolean isReadOnly(long pointer) {
        return (GuestMemory.getInt(pointer + SIZE) & READ_ONLY) != 0;
    }

    private static int type(long pointer) {
        return (GuestMemory.getInt(pointer + SIZE) & ~READ_ONLY) >>> TYPE_SHIFT;
    }

    private static long size(long pointer) {
        return GuestMemory.getInt(pointer + SIZE) & SIZE_MASK;
    }

    /** Returns true where the bytes are within what the pointer may reach. */
    private static boolean reaches(long pointer, long offset, long size) {
        long limit = size(pointer);
        return Long.compareUnsigned(size, limit) <= 0 && Long.compareUnsigned(offset, limit - size) <= 0;
    }

    private static long fromMemory(long data, long size, long flags, long pointer) {
        if (Long.compareUnsigned(size, LARGEST) > 0) {
            return fail(pointer, E2BIG);
        }
        if (flags != 0) {
            return fail(pointer, EINVAL);
        }
        initialize(pointer, data, LOCAL, size);
        return 0;
    }

    private static long fromSkb(Execution run, long context, long flags, long pointer, long unused, long unused2) {
        long error = fromPacket(SKB, context, flags, pointer);
        ProgType type = run.code().program().type();
        boolean mayWrite = type == ProgType.SCHED_CLS || type == ProgType.SCHED_ACT;
        if (error == 0 && !mayWrite) {
            GuestMemory.putInt(pointer + SIZE, GuestMemory.getInt(pointer + SIZE) | READ_ONLY);
        }
        return error;
    }

    private static long fromPacket(int type, long context, long flags, long pointer) {
        if (flags != 0) {
            return fail(pointer, EINVAL);
        }
        initialize(pointer, context, type, fields(type).length(context));
        return 0;
    }

    private static PacketFields fields(int type) {
        return type == XDP ? PacketFields.XDP_MD : PacketFields.SK_BUFF;
    }

    /** The address of bytes within reach; 0 where a packet has become shorter meanwhile. */
    private static long address(long pointer, long offset, long size) {
        int type = type(pointer);
        long base = GuestMemory.getLong(pointer);
        long at = (GuestMemory.getInt(pointer + OFFSET) & 0xffff_ffffL) + offset;
        return switch (type) {
            case LOCAL, RINGBUF -> base + at;
            case SKB, XDP ->
                fields(type).contains(base, at, size) ? fields(type).data(base) + at : 0;
            default -> throw new TrapException("0x" + Long.toHexString(pointer) + " is not a dynptr");
        };
    }

    /**
     * Has bytes written into a dynptr.
     *
     * @param source writes them to an address; returns what the whole returns
     */
    static long into(long pointer, long offset, long size, LongUnaryOperator source) {
        if (isNull(pointer) || isReadOnly(pointer)) {
            return -EINVAL;
        }
        if (!reaches(pointer, offset, size)) {
            return -E2BIG;
        }
        long to = address(pointer, offset, size);
        return to == 0 ? goneError(pointer) : source.applyAsLong(to);
    }

    private static long read(long to, long size, long pointer, long offset, long flags) {
        if (isNull(pointer) || flags != 0) {
            return -EINVAL;
        }
        if (!reaches(pointer, offset, size)) {
            return -E2BIG;
        }
        long from = address(pointer, offset, size);
        return from == 0 ? goneError(pointer) : copyBytes(from, to, size);
    }

    private static long write(long pointer, long offset, long from, long size, long flags) {
        if (isNull(pointer) || isReadOnly(pointer)) {
            return -EINVAL;
        }
        if (!reaches(pointer, offset, size)) {
            return -E2BIG;
        }
        long allowed = type(pointer) == SKB ? 3 : 0;
        if ((flags & ~allowed) != 0) {
            return -EINVAL;
        }
        long to = address(pointer, offset, size);
        return to == 0 ? goneError(pointer) : copyBytes(from, to, size);
    }

    /** The error of an access to bytes of a packet that has become shorter. */
    private static long goneError(long pointer) {
        return type(pointer) == XDP ? -EINVAL : -EFAULT;
    }

    private static long copyBytes(long from, long to, long size) {
        GuestMemory.copy(from, to, size);
        return 0;
    }

    private static long data(long pointer, long offset, long size) {
        boolean direct = !isNull(pointer) && (type(pointer) == LOCAL || type(pointer) == RINGBUF);
        return direct && !isReadOnly(pointer) && reaches(pointer, offset, size) ? address(pointer, offset, size) : 0;
    }

    private static long slice(long pointer, long offset, long size) {
        return isNull(pointer) || !reaches(pointer, offset, size) ? 0 : address(pointer, offset, size);
    }

    private static long adjust(long pointer, long start, long end) {
        if (isNull(pointer) || Long.compareUnsigned(start, end) > 0) {
            return -EINVAL;
        }
        if (Long.compareUnsigned(end, size(pointer)) > 0) {
            return -ERANGE;
        }
        int metadata = GuestMemory.getInt(pointer + SIZE) & ~SIZE_MASK;
        GuestMemory.putInt(pointer + OFFSET, GuestMemory.getInt(pointer + OFFSET) + (int) start);
        GuestMemory.putInt(pointer + SIZE, (int) (end - start) | metadata);
        return 0;
    }

    private static long copyOf(long pointer, long clone) {
        if (isNull(pointer)) {
            return fail(clone, EINVAL);
        }
        return copyBytes(pointer, clone, KernelLimits.BPF_DYNPTR_BYTES);
    }

    private static long copy(long to, long toOffset, long from, long fromOffset, long size) {
        long source = slice(from, fromOffset, size);
        if (source != 0) {
            return write(to, toOffset, source, size, 0);
        }
        boolean writable = !isNull(to) && !isReadOnly(to) && slice(to, toOffset, size) != 0;
        return writable && isNull(from) ? -EINVAL : -E2BIG;
    }

    private static long fill(long pointer, long offset, long size, long value) {
        if (isReadOnly(pointer)) {
            return -EINVAL;
        }
        long at = slice(pointer, offset, size);
        if (at == 0) {
            return -E2BIG;
        }
        GuestMemory.fill(at, size, (byte) value);
        return 0;
    }
}
