package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.model.Errno.EFAULT;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Helper;

/** Reads from addresses that may not exist. */
final class ProbeHelpers {
    private ProbeHelpers() {}

    static void register(FunctionTable table) {
        Helper read = (_, to, size, from, _, _) -> read(to, (int) size, from);
        for (String name :
                new String[] {"bpf_probe_read", "bpf_probe_read_user", "bpf_probe_read_kernel", "bpf_copy_from_user"}) {
            table.helper(name, read);
        }
        Helper readString = (_, to, size, from, _, _) -> readString(to, (int) size, from);
        for (String name :
                new String[] {"bpf_probe_read_str", "bpf_probe_read_user_str", "bpf_probe_read_kernel_str"}) {
            table.helper(name, readString);
        }
    }

    private static long read(long to, int size, long from) {
        if (!GuestMemory.exists(from, size)) {
            if (size > 0) {
                GuestMemory.fill(to, size, (byte) 0);
            }
            return -EFAULT;
        }
        GuestMemory.copy(from, to, size);
        return 0;
    }

    /** Copies a string with its zero byte, cut to the size; returns how many bytes that were. */
    private static long readString(long to, int size, long from) {
        if (size <= 0) {
            return 0;
        }
        for (int i = 0; i < size; i++) {
            if (!GuestMemory.exists(from + i, 1)) {
                GuestMemory.fill(to, size, (byte) 0);
                return -EFAULT;
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
