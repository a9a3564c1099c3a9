package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.memory.GuestMemory;

/** Reads from addresses that may not exist. */
final class ProbeHelpers {
    private static final int BPF_F_PAD_ZEROS = 1;

    private ProbeHelpers() {}

    static void register(FunctionTable table) {
        for (String name : new String[] {"bpf_probe_read", "bpf_probe_read_user", "bpf_copy_from_user"}) {
            table.helper(name, (_, to, size, from, _, _) -> read(to, (int) size, from, -EFAULT));
        }
        table.helper(
                "bpf_probe_read_kernel", (_, to, size, from, _, _) -> read(to, (int) size, from, kernelError(from)));
        for (String name : new String[] {"bpf_probe_read_str", "bpf_probe_read_user_str"}) {
            table.helper(name, (_, to, size, from, _, _) -> readString(to, (int) size, from, -EFAULT));
        }
        table.helper(
                "bpf_probe_read_kernel_str",
                (_, to, size, from, _, _) -> readString(to, (int) size, from, kernelError(from)));
        userStrings(table);
        dynptrs(table);
    }

    /** Reads of strings of user space by kernel functions, which may fill the rest with zeros. */
    private static void userStrings(FunctionTable table) {
        table.kfunc("bpf_copy_from_user_str", (_, to, size, from, flags, _) -> userString(to, (int) size, from, flags));
        table.kfunc(
                "bpf_copy_from_user_task_str",
                (_, to, size, from, _, flags) -> userString(to, (int) size, from, flags));
        table.helper("bpf_copy_from_user_task", (_, to, size, from, _, flags) -> {
            return flags != 0 ? -EINVAL : read(to, (int) size, from, -EFAULT);
        });
    }

    private static long userString(long to, int size, long from, long flags) {
        if ((flags & ~BPF_F_PAD_ZEROS) != 0) {
            return -EINVAL;
        }
        long length = readString(to, size, from, -EFAULT);
        if (flags != 0 && length > 0) {
            GuestMemory.fill(to + length, size - length, (byte) 0);
        }
        return length;
    }

    /** Reads into dynptrs: of bytes, and of strings with their zero byte. */
    private static void dynptrs(FunctionTable table) {
        for (String name : new String[] {"bpf_probe_read_kernel_dynptr", "bpf_probe_read_user_dynptr"}) {
            boolean ofKernel = name.contains("kernel");
            table.kfunc(
                    name,
                    (_, pointer, offset, size, from, _) -> DynptrHelpers.into(
                            pointer,
                            offset,
                            size,
                            to -> read(to, (int) size, from, ofKernel ? kernelError(from) : -EFAULT)));
        }
        for (String name : new String[] {
            "bpf_probe_read_kernel_str_dynptr", "bpf_probe_read_user_str_dynptr", "bpf_copy_from_user_str_dynptr"
        }) {
            boolean ofKernel = name.contains("kernel");
            table.kfunc(
                    name,
                    (_, pointer, offset, size, from, _) -> DynptrHelpers.into(
                            pointer,
                            offset,
                            size,
                            to -> readString(to, (int) size, from, ofKernel ? kernelError(from) : -EFAULT)));
        }
        table.kfunc(
                "bpf_copy_from_user_dynptr",
                (_, pointer, offset, size, from, _) ->
                        DynptrHelpers.into(pointer, offset, size, to -> read(to, (int) size, from, -EFAULT)));
        table.kfunc(
                "bpf_copy_from_user_task_dynptr",
                (_, pointer, offset, size, from, _) ->
                        DynptrHelpers.into(pointer, offset, size, to -> read(to, (int) size, from, -EFAULT)));
        table.kfunc(
                "bpf_copy_from_user_task_str_dynptr",
                (_, pointer, offset, size, from, _) ->
                        DynptrHelpers.into(pointer, offset, size, to -> readString(to, (int) size, from, -EFAULT)));
    }

    /** The result of a failed read of kernel memory: the address may be one that no kernel memory has. */
    private static long kernelError(long address) {
        return Long.compareUnsigned(address, GuestMemory.FIRST_ADDRESS) < 0 ? -ERANGE : -EFAULT;
    }

    private static long read(long to, int size, long from, long error) {
        if (!GuestMemory.exists(from, size)) {
            if (size > 0) {
                GuestMemory.fill(to, size, (byte) 0);
            }
            return error;
        }
        GuestMemory.copy(from, to, size);
        return 0;
    }

    /** Copies a string with its zero byte, cut to the size; returns how many bytes that were. */
    private static long readString(long to, int size, long from, long error) {
        if (size <= 0) {
            return 0;
        }
        for (int i = 0; i < size; i++) {
            if (!GuestMemory.exists(from + i, 1)) {
                GuestMemory.fill(to, size, (byte) 0);
                return error;
            }
            byte c = i == size - 1 ? 0 : GuestMemory.getByte(from + i);
            GuestMemory.putByte(to + i, c);
            if (c == 0) {
                return i + 1L;
            }
        }
        return size;
    }
}
