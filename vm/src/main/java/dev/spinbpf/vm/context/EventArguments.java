package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.helper.EmulatedKernel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of calls and tracepoints that nothing here makes. Pointers lead to an object of the machine where there is
 * one of that type (a task, the cgroup, a map), else to a {@linkplain KernelObjects made-up one}, or to zeros where nothing
 * is made up; numbers are drawn, small ones most often.
 */
final class EventArguments {
    private static final int MOST_ERRNO = 34;

    /** One in so many pointers that may be null is. */
    private static final int RARE = 8;

    private static final String MAY_BE_NULL = "__nullable";
    private static final String RECORD = "trace_event_raw_";

    private static final int META_BYTES = 24;
    private static final int META_SESSION = 8;
    private static final int META_NUMBER = 16;

    private final EmulatedKernel kernel;
    private final Cpu cpu;
    private final IdentityHashMap<LoadedProgram, Iteration> iterations = new IdentityHashMap<>();
    private final KernelObjects objects;
    private final Map<String, Signature> signatures = new HashMap<>();
    private final Map<String, String> records = new HashMap<>();
    private Btf signatureTypes = Btf.EMPTY;
    private long meta;

    /** A function's arguments, and what it returns. */
    private record Signature(
            List<ContextArgument> arguments, @Nullable ContextArgument result) {}

    /** The place that an iterator has come to. */
    private static final class Iteration {
        private long session = 1;
        private int number;
    }

    EventArguments(EmulatedKernel kernel, Cpu cpu) {
        this.kernel = kernel;
        this.cpu = cpu;
        objects = new KernelObjects(kernel, cpu);
    }

    /**
     * Returns the values of the arguments, 8 bytes each; a struct that is passed by value is zeros.
     *
     * @param zeros the object of zeros
     */
    long[] of(List<ContextArgument> arguments, long zeros) {
        long[] slots = emptySlots(arguments);
        int tasks = 0;
        int slot = 0;
        for (ContextArgument argument : arguments) {
            if (argument.isPointer()) {
                boolean isTask = argument.pointsTo().equals("task_struct");
                slots[slot] = pointer(argument, isTask ? tasks++ : kernel.random(cpu) >>> 1, zeros);
            } else if (argument.sizeBytes() <= Long.BYTES) {
                slots[slot] = argument.sizeBytes() == 1 ? number() & 1 : number();
            }
            slot += slots(argument);
        }
        return slots;
    }

    /**
     * Returns the values of the arguments: those that are given, pointers to objects, and else 0.
     *
     * @param given by position from 0
     * @param zeros the object of zeros
     */
    long[] plain(List<ContextArgument> arguments, Map<Integer, Long> given, long zeros) {
        long[] slots = emptySlots(arguments);
        int slot = 0;
        for (int number = 0; number < arguments.size(); number++) {
            ContextArgument argument = arguments.get(number);
            Long value = given.get(number);
            if (value != null) {
                slots[slot] = value;
            } else if (argument.isPointer()) {
                long object = kernel.object(argument.pointsTo(), cpu, 0);
                slots[slot] = object == 0 ? zeros : object;
            }
            slot += slots(argument);
        }
        return slots;
    }

    private static long[] emptySlots(List<ContextArgument> arguments) {
        return new long[arguments.stream().mapToInt(EventArguments::slots).sum()];
    }

    /**
     * Returns the arguments of an iterator for the next object: each task or map in turn, of other objects one; and after
     * the last one for the end, where there is none.
     */
    long[] ofIteration(LoadedProgram program, List<ContextArgument> arguments, long zeros) {
        Iteration iteration = iterations.computeIfAbsent(program, key -> new Iteration());
        long[] slots = of(arguments, zeros);
        String struct = arguments.size() < 2 ? "" : arguments.get(1).pointsTo();
        boolean isEnd = iteration.number >= countOf(struct);
        long object = isEnd ? 0 : kernel.object(struct, cpu, iteration.number);
        if (isEnd) {
            Arrays.fill(slots, 1, slots.length, 0);
        } else if (object != 0) {
            slots[1] = object;
        }
        slots[0] = meta(zeros, iteration);
        iteration.number = isEnd ? 0 : iteration.number + 1;
        iteration.session += isEnd ? 1 : 0;
        return slots;
    }

    private int countOf(String struct) {
        return switch (struct) {
            case "task_struct" -> kernel.tasks().all().size();
            case "bpf_map" -> kernel.maps().all().size();
            default -> 1;
        };
    }

    /** Returns the address of a {@code struct bpf_iter_meta}: the file to print to, the session, the object's number. */
    private long meta(long file, Iteration iteration) {
        if (meta == 0) {
            meta = kernel.arena().allocate(META_BYTES);
        }
        GuestMemory.putLong(meta, file);
        GuestMemory.putLong(meta + META_SESSION, iteration.session);
        GuestMemory.putLong(meta + META_NUMBER, iteration.number);
        return meta;
    }

    private boolean isRare() {
        return Integer.remainderUnsigned(kernel.random(cpu), RARE) == 0;
    }

    private static int slots(ContextArgument argument) {
        return Math.max(1, (argument.sizeBytes() + Long.BYTES - 1) / Long.BYTES);
    }

    private long pointer(ContextArgument argument, int which, long zeros) {
        if (argument.name().endsWith(MAY_BE_NULL) && isRare()) {
            return 0;
        }
        if (!kernel.inventsObjects()) {
            long object = kernel.object(argument.pointsTo(), cpu, which);
            return object == 0 ? zeros : object;
        }
        long object = objects.object(argument.pointsTo(), which);
        if (object != 0) {
            return object;
        }
        boolean isText = argument.pointsTo().isEmpty() && (kernel.random(cpu) & 1) == 0;
        return isText ? objects.text() : argument.pointsTo().isEmpty() ? objects.anything() : zeros;
    }

    /** Gets ready for the next event: the objects that it may be about change. */
    void next() {
        if (kernel.inventsObjects()) {
            objects.next();
        }
    }

    /** Returns true where a socket's filter is to get the frame of a packet. */
    boolean isFrame() {
        return kernel.inventsObjects() && (kernel.random(cpu) & 1) == 0;
    }

    /** Returns a number of up to 12 bits, whose length is drawn too. */
    long number() {
        return objects.number();
    }

    /** Returns the arguments of a call that nothing is known of: system calls' ones, or pointers to zeros. */
    long[] unknown(int count, long zeros) {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = kernel.inventsObjects() ? objects.mixed() : zeros;
        }
        return values;
    }

    /** Returns the arguments of a function by the kernel's types; none where they do not have it. */
    List<ContextArgument> ofFunction(String function) {
        return signature(function).arguments;
    }

    private Signature signature(String function) {
        Btf types = kernel.tasks().types();
        if (types != signatureTypes) {
            signatureTypes = types;
            signatures.clear();
            records.clear();
        }
        return signatures.computeIfAbsent(
                function,
                name -> new Signature(ContextArgument.ofFunction(types, name), ContextArgument.ofResult(types, name)));
    }

    /**
     * Writes what a tracepoint's record has by the kernel's types; false where they do not say it.
     *
     * @param textOffset where texts that the record refers to begin
     */
    boolean record(String tracepoint, long address, int textOffset) {
        String struct = kernel.inventsObjects() ? records.computeIfAbsent(tracepoint, this::recordOf) : "";
        if (!struct.isEmpty()) {
            objects.record(struct, address, textOffset);
        }
        return !struct.isEmpty();
    }

    /** Writes numbers into a record of which nothing is known but its eight common bytes. */
    void unknownRecord(long address, int sizeBytes) {
        for (int offset = Long.BYTES; kernel.inventsObjects() && offset < sizeBytes; offset += Integer.BYTES) {
            GuestMemory.putInt(address + offset, (int) number());
        }
    }

    /** Returns the struct of a tracepoint's records: its own, or that of the class which it belongs to. */
    private String recordOf(String tracepoint) {
        Btf types = kernel.tasks().types();
        String known = tracepoint.startsWith("sys_enter") ? "sys_enter" : tracepoint;
        known = known.startsWith("sys_exit") ? "sys_exit" : known;
        for (String name = known; !name.isEmpty(); name = name.substring(0, Math.max(0, name.lastIndexOf('_')))) {
            for (String end : List.of("", "_template", "_class")) {
                if (types.find(RECORD + name + end, BtfType.Composite.class) > 0) {
                    return RECORD + name + end;
                }
            }
        }
        return "";
    }

    /** Returns what a function of the kernel gave back: a number, or a pointer where its type says so. */
    long result(String function, long zeros) {
        ContextArgument result = kernel.inventsObjects() ? signature(function).result : null;
        if (result == null || !result.isPointer()) {
            return result();
        }
        return isRare() ? 0 : pointer(result, kernel.random(cpu) >>> 1, zeros);
    }

    /** Returns what a function gave back: 0 as often as not, else a number or an error. */
    long result() {
        int random = kernel.random(cpu);
        return switch (random & 3) {
            case 0, 1 -> 0;
            case 2 -> number();
            default -> -1 - Integer.remainderUnsigned(random >>> 2, MOST_ERRNO);
        };
    }

    /** Returns the process id of the task that runs here, or of one that may run next. */
    int pid(int number) {
        return kernel.task(cpu, number).pid();
    }

    String comm(int number) {
        return kernel.task(cpu, number).comm();
    }

    int cpuNumber() {
        return cpu.id();
    }

    int random() {
        return kernel.random(cpu);
    }
}
