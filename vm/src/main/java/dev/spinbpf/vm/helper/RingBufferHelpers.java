package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.model.Errno.EINVAL;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.PerfEventArrayMap;
import dev.spinbpf.maps.map.RingBufferMap;
import dev.spinbpf.vm.exec.TrapException;

/** Ring buffers and perf event arrays: output of programs to user space. */
final class RingBufferHelpers {
    private RingBufferHelpers() {}

    static void register(FunctionTable table, Kernel kernel) {
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
        table.helper("bpf_perf_event_output", (run, _, map, flags, data, size) -> {
            BpfMap found = kernel.map(map);
            return found instanceof PerfEventArrayMap array ? array.output(run.cpu(), flags, data, size) : -EINVAL;
        });
    }

    private static RingBufferMap buffer(Kernel kernel, long address) {
        if (kernel.map(address) instanceof RingBufferMap buffer) {
            return buffer;
        }
        throw new TrapException("0x" + Long.toHexString(address) + " is not a ring buffer");
    }

    private static RingBufferMap bufferOf(Kernel kernel, long record) {
        RingBufferMap buffer = RingBufferMap.ofRecord(kernel.maps(), record);
        if (buffer == null) {
            throw new TrapException("0x" + Long.toHexString(record) + " is not a record of a ring buffer");
        }
        return buffer;
    }
}
