package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * Arguments of traced functions, and counters of perf events. Programs of a session run at the entry of the function
 * alone.
 */
final class ContextHelpers {
    /** Size of {@code struct bpf_perf_event_value}. */
    private static final int PERF_VALUE_SIZE = 24;

    /** The traced function's address: where the text of Linux on x86-64 begins, as functions have no code here. */
    private static final long TEXT_ADDRESS = 0xffff_ffff_8100_0000L;

    private ContextHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_get_func_ip", (_, _, _, _, _, _) -> TEXT_ADDRESS);
        table.kfunc("bpf_session_is_return", (_, _, _, _, _, _) -> 0);
        table.kfunc("bpf_session_cookie", (run, _, _, _, _, _) -> kernel.local(run.cpu())
                .sessionCookie());
        table.kfunc("bpf_get_kmem_cache", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_func_arg_cnt", (_, context, _, _, _, _) -> argumentCount(context));
        table.helper("bpf_get_func_arg", (_, context, index, value, _, _) -> argument(context, index, value));
        table.helper("bpf_get_func_ret", (_, context, value, _, _, _) -> {
            if (value == 0) {
                return -EOPNOTSUPP;
            }
            GuestMemory.putLong(value, GuestMemory.getLong(context + 8 * argumentCount(context)));
            return 0;
        });
        table.helper("bpf_get_attach_cookie", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_perf_prog_read_value", (_, _, buffer, size, _, _) -> {
            if ((int) size != PERF_VALUE_SIZE) {
                return -EINVAL;
            }
            GuestMemory.fill(buffer, PERF_VALUE_SIZE, (byte) 0);
            return 0;
        });
        table.kfunc("bpf_cast_to_kern_ctx", (_, context, _, _, _, _) -> context);
        table.kfunc("bpf_rdonly_cast", (_, object, _, _, _, _) -> object);
    }

    /** The number of arguments stands just before them, as in Linux's trampolines. */
    private static long argumentCount(long context) {
        return GuestMemory.getLong(context - 8);
    }

    private static long argument(long context, long index, long value) {
        long number = index & 0xffff_ffffL;
        if (number >= argumentCount(context)) {
            return -EINVAL;
        }
        GuestMemory.putLong(value, GuestMemory.getLong(context + 8 * number));
        return 0;
    }
}
