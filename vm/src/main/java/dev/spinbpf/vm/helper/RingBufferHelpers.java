package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.PerfEventArrayMap;
import dev.spinbpf.maps.map.RingBufferMap;
import dev.spinbpf.maps.map.UserRingBufferMap;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TrapException;
import java.util.function.ObjLongConsumer;

/** Ring buffers and perf event arrays: output of programs to user space. */
final class RingBufferHelpers {
    private RingBufferHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_ringbuf_output", (run, map, data, size, flags, _) -> buffer(kernel, map)
                .output(run.cpu(), data, size, flags));
        table.helper("bpf_ringbuf_reserve", (run, map, size, flags, _, _) -> buffer(kernel, map)
                .reserve(run.cpu(), size, flags));
        table.helper("bpf_ringbuf_submit", (_, record, flags, _, _, _) -> {
            bufferOf(kernel, record).submit(record, flags);
            return 0;
        });
        table.helper("bpf_ringbuf_discard", (_, record, flags, _, _, _) -> {
            bufferOf(kernel, record).discard(record, flags);
            return 0;
        });
        table.helper("bpf_ringbuf_query", (_, map, question, _, _, _) -> buffer(kernel, map)
                .query(question));
        table.helper(
                "bpf_ringbuf_reserve_dynptr",
                (run, map, size, flags, dynptr, _) -> reserve(run, buffer(kernel, map), size, flags, dynptr));
        table.helper(
                "bpf_ringbuf_submit_dynptr",
                (_, dynptr, flags, _, _, _) ->
                        endRecord(kernel, dynptr, (buffer, record) -> buffer.submit(record, flags)));
        table.helper(
                "bpf_ringbuf_discard_dynptr",
                (_, dynptr, flags, _, _, _) ->
                        endRecord(kernel, dynptr, (buffer, record) -> buffer.discard(record, flags)));
        table.helper(
                "bpf_user_ringbuf_drain",
                (run, map, callback, context, flags, _) -> drain(kernel, run, map, callback, context, flags));
        table.helper("bpf_perf_event_output", (run, context, map, flags, data, size) -> {
            BpfMap found = kernel.map(map);
            return found instanceof PerfEventArrayMap array ? output(run, context, array, flags, data, size) : -EINVAL;
        });
    }

    /** {@code bpf_skb_event_output}, {@code bpf_xdp_event_output}; of other programs {@code bpf_perf_event_output}. */
    private static long output(Execution run, long context, PerfEventArrayMap array, long flags, long data, long size) {
        ProgType type = run.code().program().type();
        switch (type) {
            case SOCKET_FILTER, SCHED_CLS, SCHED_ACT, XDP, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT, SK_SKB -> {}
            default -> {
                return array.output(run.cpu(), flags, data, size);
            }
        }
        if ((flags & ~(MapFlags.BPF_F_CTXLEN_MASK | MapFlags.BPF_F_INDEX_MASK)) != 0) {
            return -EINVAL;
        }
        PacketFields packet = PacketFields.of(type);
        long packetSize = (flags & MapFlags.BPF_F_CTXLEN_MASK) >>> 32;
        if (packetSize > packet.length(context)) {
            return -EFAULT;
        }
        long index = flags & MapFlags.BPF_F_INDEX_MASK;
        return array.output(run.cpu(), index, data, size, packet.data(context), packetSize);
    }

    private static long reserve(Execution run, RingBufferMap buffer, long size, long flags, long dynptr) {
        long bytes = size & 0xffff_ffffL;
        if (flags == 0 && bytes > DynptrHelpers.LARGEST) {
            DynptrHelpers.setNull(dynptr);
            return -E2BIG;
        }
        long record = buffer.reserve(run.cpu(), bytes, flags);
        if (record == 0) {
            DynptrHelpers.setNull(dynptr);
            return -EINVAL;
        }
        DynptrHelpers.initialize(dynptr, record, DynptrHelpers.RINGBUF, bytes);
        return 0;
    }

    private static long drain(
            EmulatedKernel kernel, Execution run, long address, long callback, long context, long flags) {
        if (!(kernel.map(address) instanceof UserRingBufferMap buffer)) {
            throw new TrapException("0x" + Long.toHexString(address) + " is not a user ring buffer");
        }
        CpuLocal local = kernel.local(run.cpu());
        long dynptr = local.push(KernelLimits.BPF_DYNPTR_BYTES);
        if (dynptr == 0) {
            return -ENOMEM;
        }
        try {
            return buffer.drain(
                    (sample, size) -> {
                        DynptrHelpers.initialize(dynptr, sample, DynptrHelpers.LOCAL, size);
                        return run.callback(callback, dynptr, context, 0, 0);
                    },
                    flags);
        } finally {
            local.pop(KernelLimits.BPF_DYNPTR_BYTES);
        }
    }

    private static RingBufferMap buffer(EmulatedKernel kernel, long address) {
        if (kernel.map(address) instanceof RingBufferMap buffer) {
            return buffer;
        }
        throw new TrapException("0x" + Long.toHexString(address) + " is not a ring buffer");
    }

    /** Ends the record that a dynptr stands for, if it does, and makes that null. */
    private static long endRecord(EmulatedKernel kernel, long dynptr, ObjLongConsumer<RingBufferMap> end) {
        long record = DynptrHelpers.data(dynptr);
        if (record != 0) {
            end.accept(bufferOf(kernel, record), record);
            DynptrHelpers.setNull(dynptr);
        }
        return 0;
    }

    private static RingBufferMap bufferOf(EmulatedKernel kernel, long record) {
        RingBufferMap buffer = RingBufferMap.ofRecord(kernel.maps(), record);
        if (buffer == null) {
            throw new TrapException("0x" + Long.toHexString(record) + " is not a record of a ring buffer");
        }
        return buffer;
    }
}
