package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.memory.GuestMemory;

/** Reads from addresses that may not exist. */
final class ProbeHelpers {
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
