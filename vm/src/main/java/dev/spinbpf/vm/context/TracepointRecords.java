package dev.spinbpf.vm.context;

import dev.spinbpf.maps.memory.GuestMemory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The records of classic tracepoints that tell of tasks and system calls. Those of others are zeros, as nothing is known
 * of their form.
 *
 * @see <a href="https://docs.kernel.org/trace/events.html">/sys/kernel/tracing/events/GROUP/NAME/format</a>
 */
final class TracepointRecords {
    private static final int COMM_BYTES = 16;
    private static final int DEFAULT_PRIO = 120;
    private static final int SYSTEM_CALLS = 512;

    /** Offset of the text that a record refers to. */
    private static final int TEXT_OFFSET = 256;

    private static final List<Field> WAKEUP = List.of(
            new Field(8, Fact.COMM), new Field(24, Fact.PID), new Field(28, Fact.PRIO), new Field(32, Fact.CPU));
    private static final List<Field> END =
            List.of(new Field(8, Fact.COMM), new Field(24, Fact.PID), new Field(28, Fact.PRIO));
    private static final Map<String, List<Field>> RECORDS = Map.of(
            "sched_switch",
            List.of(
                    new Field(8, Fact.COMM),
                    new Field(24, Fact.PID),
                    new Field(28, Fact.PRIO),
                    new Field(40, Fact.OTHER_COMM),
                    new Field(56, Fact.OTHER_PID),
                    new Field(60, Fact.PRIO)),
            "sched_wakeup",
            WAKEUP,
            "sched_wakeup_new",
            WAKEUP,
            "sched_waking",
            WAKEUP,
            "sched_process_exit",
            END,
            "sched_process_free",
            END,
            "sched_process_exec",
            List.of(new Field(8, Fact.TEXT), new Field(12, Fact.PID), new Field(16, Fact.PID)),
            "sys_enter",
            List.of(new Field(8, Fact.CALL)),
            "sys_exit",
            List.of(new Field(8, Fact.CALL), new Field(16, Fact.RESULT)));
    private static final List<Field> SYSCALL_ENTER = List.of(new Field(8, Fact.CALL), new Field(16, Fact.POINTERS));
    private static final List<Field> SYSCALL_EXIT = List.of(new Field(8, Fact.CALL), new Field(16, Fact.RESULT));

    private TracepointRecords() {}

    /** The facts that a record has. */
    private enum Fact {
        COMM,
        OTHER_COMM,
        PID,
        OTHER_PID,
        PRIO,
        CPU,
        /** A text after the record, by its offset and length. */
        TEXT,
        CALL,
        RESULT,
        /** Six arguments of a system call. */
        POINTERS
    }

    /** A field of a record. */
    private record Field(int offset, Fact fact) {}

    private static List<Field> of(String name) {
        if (name.startsWith("sys_enter_")) {
            return SYSCALL_ENTER;
        }
        return name.startsWith("sys_exit_") ? SYSCALL_EXIT : RECORDS.getOrDefault(name, List.of());
    }

    /**
     * Writes a record.
     *
     * @param name of the tracepoint, without its group
     * @param record its address; the memory is zero
     * @param pointer where pointers of a system call lead to
     */
    static void write(String name, long record, long pointer, EventArguments from) {
        boolean isWritten = from.record(name, record, TEXT_OFFSET);
        if (!isWritten && of(name).isEmpty()) {
            from.unknownRecord(record, TEXT_OFFSET);
        }
        for (Field field : of(name)) {
            boolean isOfCall = field.fact == Fact.POINTERS || field.fact == Fact.CALL;
            if (isWritten && isOfCall) {
                continue;
            }
            long at = record + field.offset;
            switch (field.fact) {
                case COMM -> comm(at, from.comm(0));
                case OTHER_COMM -> comm(at, from.comm(1));
                case PID -> GuestMemory.putInt(at, from.pid(0));
                case OTHER_PID -> GuestMemory.putInt(at, from.pid(1));
                case PRIO -> GuestMemory.putInt(at, DEFAULT_PRIO);
                case CPU -> GuestMemory.putInt(at, from.cpuNumber());
                case TEXT -> {
                    comm(record + TEXT_OFFSET, from.comm(0));
                    GuestMemory.putInt(at, COMM_BYTES << Short.SIZE | TEXT_OFFSET);
                }
                case CALL -> GuestMemory.putLong(at, from.number() % SYSTEM_CALLS);
                case RESULT -> GuestMemory.putLong(at, from.result());
                case POINTERS -> {
                    for (int i = 0; i < 6; i++) {
                        GuestMemory.putLong(at + 8L * i, pointer);
                    }
                }
            }
        }
    }

    private static void comm(long address, String name) {
        byte[] bytes = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), COMM_BYTES);
        GuestMemory.copyIn(bytes, 0, address, COMM_BYTES - 1);
    }
}
