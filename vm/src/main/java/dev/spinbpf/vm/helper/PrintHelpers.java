package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.ProgramStream;
import java.nio.charset.StandardCharsets;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Printing: to the trace log, to a buffer, to the program's streams. */
final class PrintHelpers {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private PrintHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper(
                "bpf_trace_printk",
                (_, format, size, a, b, c) -> trace(kernel, format, size & 0xffff_ffffL, new long[] {a, b, c}));
        table.helper("bpf_trace_vprintk", (_, format, size, data, dataSize, _) -> {
            long[] arguments = arguments(data, dataSize & 0xffff_ffffL);
            return arguments == null ? -EINVAL : trace(kernel, format, size & 0xffff_ffffL, arguments);
        });
        table.helper("bpf_snprintf", (_, to, size, format, data, dataSize) -> {
            long[] arguments = arguments(data, dataSize & 0xffff_ffffL);
            return arguments == null ? -EINVAL : snprintf(to, size & 0xffff_ffffL, format, arguments);
        });
        table.helper("bpf_seq_printf", (run, _, format, size, data, dataSize) -> {
            byte[] text = KernelFormat.readFormat(format, size & 0xffff_ffffL);
            return print(text, arguments(data, dataSize & 0xffff_ffffL), line -> show(run, line.output()));
        });
        table.helper(
                "bpf_seq_write",
                (run, _, data, size, _, _) -> show(run, GuestMemory.bytes(data, (int) (size & 0xffff_ffffL))));
        for (String name : new String[] {"bpf_stream_vprintk", "bpf_stream_vprintk_impl"}) {
            table.kfunc(
                    name,
                    (run, stream, format, data, dataSize, _) ->
                            streamPrint(run, (int) stream, format, data, dataSize & 0xffff_ffffL));
        }
        table.kfunc("bpf_stream_print_stack", (run, stream, _, _, _, _) -> {
            ProgramStream to = stream(run, (int) stream);
            return to == null ? -ENOENT : Math.min(0, to.write(StackText.of(run, kernel.tasks()) + "\n"));
        });
    }

    /** The text that an iterator shows goes to the program's standard output; the reader of its file always has room. */
    private static long show(Execution run, byte[] text) {
        run.code().out().write(text);
        return 0;
    }

    private static long @Nullable [] arguments(long data, long sizeBytes) {
        boolean valid =
                (sizeBytes & 7) == 0 && sizeBytes <= 8L * KernelFormat.MAX_ARGUMENTS && (sizeBytes == 0 || data != 0);
        if (!valid) {
            return null;
        }
        long[] arguments = new long[(int) sizeBytes / 8];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = GuestMemory.getLong(data + 8L * i);
        }
        return arguments;
    }

    /** Returns a text by its format and the array of its arguments; null where they do not fit each other. */
    static byte @Nullable [] formatted(long formatAddress, long data, long dataSize) {
        byte[] format = KernelFormat.readFormat(formatAddress, Integer.MAX_VALUE);
        long[] arguments = arguments(data, dataSize);
        if (format == null || arguments == null) {
            return null;
        }
        KernelFormat text = new KernelFormat(format, arguments);
        return text.run() == 0 ? text.boundedOutput() : null;
    }

    private static long trace(EmulatedKernel kernel, long formatAddress, long size, long @Nullable [] arguments) {
        return print(KernelFormat.readFormat(formatAddress, size), arguments, text -> {
            byte[] bytes = text.boundedOutput();
            kernel.traceLog().add(new String(bytes, StandardCharsets.UTF_8));
            return bytes.length;
        });
    }

    private static long snprintf(long to, long size, long formatAddress, long @Nullable [] arguments) {
        return print(KernelFormat.readFormat(formatAddress, Integer.MAX_VALUE), arguments, text -> {
            byte[] bytes = text.output();
            if (size > 0) {
                int length = (int) Math.min(bytes.length, size - 1);
                GuestMemory.copyIn(bytes, 0, to, length);
                GuestMemory.putByte(to + length, (byte) 0);
            }
            return bytes.length + 1L;
        });
    }

    private static long streamPrint(Execution run, int streamId, long formatAddress, long data, long dataSize) {
        ProgramStream stream = stream(run, streamId);
        if (stream == null) {
            return -ENOENT;
        }
        byte[] format = KernelFormat.readFormat(formatAddress, Integer.MAX_VALUE);
        return print(format, arguments(data, dataSize), text -> stream.write(text.boundedOutput()));
    }

    /** Formats and hands the text to the consumer; returns its result, or the error if the format is not valid. */
    private static long print(
            byte @Nullable [] format, long @Nullable [] arguments, ToLongFunction<KernelFormat> consumer) {
        if (format == null || arguments == null) {
            return -EINVAL;
        }
        KernelFormat text = new KernelFormat(format, arguments);
        int error = text.run();
        return error != 0 ? error : consumer.applyAsLong(text);
    }

    private static @Nullable ProgramStream stream(Execution run, int id) {
        return switch (id) {
            case STDOUT -> run.code().out();
            case STDERR -> run.code().err();
            default -> null;
        };
    }
}
