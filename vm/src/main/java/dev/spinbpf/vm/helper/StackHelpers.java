package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.map.StackTraceMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.vm.exec.Execution;

/** Stacks of the CPU and of tasks. */
final class StackHelpers {
    private static final long STACKID_FLAGS = MapFlags.BPF_F_SKIP_FIELD_MASK
            | MapFlags.BPF_F_USER_STACK
            | MapFlags.BPF_F_FAST_STACK_CMP
            | MapFlags.BPF_F_REUSE_STACKID;
    private static final long STACK_FLAGS =
            MapFlags.BPF_F_SKIP_FIELD_MASK | MapFlags.BPF_F_USER_STACK | MapFlags.BPF_F_USER_BUILD_ID;

    /** Frames of a stack that Linux walks at most: {@code kernel.perf_event_max_stack}. */
    private static final int MOST_FRAMES = 127;

    private StackHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_get_stackid", (run, _, map, flags, _, _) -> stackId(kernel, run, map, flags));
        table.helper("bpf_get_stack", (run, _, buffer, size, flags, _) -> {
            long[] frames = (flags & MapFlags.BPF_F_USER_STACK) != 0
                    ? userStack(kernel, run)
                    : kernel.callChains().ofKernel(run);
            return copy(frames, buffer, (int) size, flags);
        });
        table.helper(
                "bpf_get_task_stack",
                (run, task, buffer, size, flags, _) -> taskStack(kernel, run, task, buffer, (int) size, flags));
    }

    private static long[] userStack(EmulatedKernel kernel, Execution run) {
        return kernel.callChains().ofUser(kernel.tasks().current(run.cpu()));
    }

    private static long stackId(EmulatedKernel kernel, Execution run, long address, long flags) {
        if ((flags & ~STACKID_FLAGS) != 0 || !(kernel.map(address) instanceof StackTraceMap map)) {
            return -EINVAL;
        }
        long[] frames = (flags & MapFlags.BPF_F_USER_STACK) != 0
                ? userStack(kernel, run)
                : kernel.callChains().ofKernel(run);
        int skip = (int) (flags & MapFlags.BPF_F_SKIP_FIELD_MASK);
        int most = Math.min(map.mostFrames() + skip, MOST_FRAMES);
        int count = Math.min(frames.length, most) - skip;
        if (count <= 0) {
            return -EFAULT;
        }
        CpuLocal local = kernel.local(run.cpu());
        int bytes = count * Long.BYTES;
        long scratch = local.push(bytes);
        if (scratch == 0) {
            return -ENOMEM;
        }
        try {
            for (int i = 0; i < count; i++) {
                GuestMemory.putLong(scratch + (long) i * Long.BYTES, frames[skip + i]);
            }
            return map.record(scratch, count, flags);
        } finally {
            local.pop(bytes);
        }
    }

    private static long taskStack(EmulatedKernel kernel, Execution run, long task, long buffer, int size, long flags) {
        boolean isCurrent = task == kernel.tasks().address(run.cpu());
        if ((flags & MapFlags.BPF_F_USER_STACK) != 0) {
            return isCurrent ? copy(userStack(kernel, run), buffer, size, flags) : cleared(buffer, size, -EOPNOTSUPP);
        }
        long[] frames = isCurrent
                ? kernel.callChains().ofKernel(run)
                : kernel.callChains().ofWaitingTask();
        return copy(frames, buffer, size, flags);
    }

    /** Copies frames; returns the bytes that they take, the others are cleared. */
    private static long copy(long[] frames, long buffer, int size, long flags) {
        boolean namesFiles = (flags & MapFlags.BPF_F_USER_BUILD_ID) != 0;
        boolean isPossible = (flags & ~STACK_FLAGS) == 0 && (!namesFiles || (flags & MapFlags.BPF_F_USER_STACK) != 0);
        int frameBytes = namesFiles ? StackTraceMap.BUILD_ID_BYTES : Long.BYTES;
        if (!isPossible || size % frameBytes != 0) {
            return cleared(buffer, size, -EINVAL);
        }
        int skip = (int) (flags & MapFlags.BPF_F_SKIP_FIELD_MASK);
        int walked = Math.min(frames.length, Math.min(size / frameBytes + skip, MOST_FRAMES));
        if (walked < skip) {
            return cleared(buffer, size, -EFAULT);
        }
        int count = Math.min(walked - skip, size / frameBytes);
        cleared(buffer, size, 0);
        for (int i = 0; i < count; i++) {
            StackTraceMap.write(buffer, i, frames[skip + i], namesFiles);
        }
        return (long) count * frameBytes;
    }

    private static long cleared(long buffer, int size, long result) {
        if (size > 0) {
            GuestMemory.fill(buffer, size, (byte) 0);
        }
        return result;
    }
}
