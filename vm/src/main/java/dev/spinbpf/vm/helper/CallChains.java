package dev.spinbpf.vm.helper;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.task.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The stacks of emulated CPUs as lists of addresses, innermost first, and what an address means.
 *
 * <p>A stack has the functions of the program that runs, the function of the kernel that it is attached to, then those of
 * the program that it interrupted or was nested into, and at last the way from user space into the kernel. Programs that
 * Linux starts with the registers of an interrupted place (kprobes, tracepoints, perf events) are not in their own stack.
 *
 * <p>An instruction of a program has an address of its own: {@code 0xffffc900}, the number of the program, eight times
 * its slot. A function of the kernel, or of a task that was declared, has one that its name decides, as there is no code.
 */
public final class CallChains {
    private static final long PROGRAM_TEXT = 0xffff_c900_0000_0000L;
    private static final int PROGRAM_SHIFT = 24;
    private static final int SLOT_SHIFT = 3;
    private static final long OFFSET_MASK = (1L << PROGRAM_SHIFT) - 1;
    private static final long HANDLE_MASK = 0xffL << 8 | 0xff;

    private static final long KERNEL_TEXT = 0xffff_ffff_8100_0000L;
    private static final int KERNEL_FUNCTIONS = 1 << 20;
    private static final int FUNCTION_BYTES = 16;

    private static final List<String> SYSTEM_CALL = List.of("do_syscall_64", "entry_SYSCALL_64_after_hwframe");
    private static final List<String> RECEIVING =
            List.of("__netif_receive_skb_core", "net_rx_action", "handle_softirqs");

    private static final long USER_TEXT = 0x5555_5555_4000L;

    /** The stack that a task has in user space where none was declared. */
    private static final long[] USER_STACK = {0x40_1136, 0x40_1060};

    private final ProgramTable programs;
    private final Map<Long, String> namesByAddress = new ConcurrentHashMap<>();

    CallChains(ProgramTable programs) {
        this.programs = programs;
    }

    /** The stack of the CPU that runs a program, in the kernel. */
    long[] ofKernel(Execution run) {
        List<Long> frames = new ArrayList<>();
        for (@Nullable Execution each = run; each != null; each = each.below()) {
            List<Execution.Position> positions = each.stack();
            Program program = each.code().program();
            if (each != run || !startsWithRegisters(program)) {
                positions.forEach(position -> frames.add(addressOf(position.code(), position.slot())));
            }
            attachedTo(program).forEach(name -> frames.add(addressOf(name)));
        }
        SYSTEM_CALL.forEach(name -> frames.add(addressOf(name)));
        return frames.stream().mapToLong(Long::longValue).toArray();
    }

    /** The stack of a task that runs no program, in the kernel. */
    long[] ofWaitingTask() {
        return SYSTEM_CALL.stream().mapToLong(this::addressOf).toArray();
    }

    /** The stack of a task in user space: the functions that were declared for it, or two places without names. */
    long[] ofUser(Task task) {
        return task.stack().isEmpty()
                ? USER_STACK.clone()
                : task.stack().reversed().stream()
                        .mapToLong(name -> addressOf(USER_TEXT, name))
                        .toArray();
    }

    private static boolean startsWithRegisters(Program program) {
        return switch (program.type()) {
            case KPROBE, TRACEPOINT, PERF_EVENT -> true;
            default -> false;
        };
    }

    /** The functions of the kernel that call the program. */
    private static List<String> attachedTo(Program program) {
        String target = program.attachTarget();
        return switch (program.type()) {
            case KPROBE, TRACING, LSM -> target == null ? List.of() : List.of(functionOf(program, target));
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE ->
                target == null ? List.of() : List.of("__traceiter_" + target);
            case XDP, SCHED_CLS, SCHED_ACT, SOCKET_FILTER, CGROUP_SKB -> RECEIVING;
            default -> List.of();
        };
    }

    private static String functionOf(Program program, String target) {
        boolean isTracepoint = program.section().startsWith("tp_btf");
        String name = isTracepoint ? "__traceiter_" + target : target;
        int offset = name.indexOf('+');
        return offset < 0 ? name : name.substring(0, offset);
    }

    private long addressOf(Code code, int slot) {
        return PROGRAM_TEXT | programs.handleOf(code) << PROGRAM_SHIFT | (long) slot << SLOT_SHIFT & OFFSET_MASK;
    }

    private long addressOf(String function) {
        return addressOf(KERNEL_TEXT, function);
    }

    private long addressOf(long text, String function) {
        long address = text + (long) Math.floorMod(function.hashCode(), KERNEL_FUNCTIONS) * FUNCTION_BYTES;
        namesByAddress.putIfAbsent(address, function);
        return address;
    }

    /** Says what is at an address: {@code worker+0x18 (r0 = 1 @ file.c:18)}, the name of a function, or the number. */
    public String describe(long address) {
        if ((address & ~(HANDLE_MASK << PROGRAM_SHIFT | OFFSET_MASK)) == PROGRAM_TEXT) {
            Code code = programs.get(address >>> PROGRAM_SHIFT & HANDLE_MASK);
            if (code != null) {
                return StackText.place(code.program(), (int) ((address & OFFSET_MASK) >>> SLOT_SHIFT));
            }
        }
        String name = namesByAddress.get(address);
        return name != null ? name : String.format(Locale.ROOT, "0x%x", address);
    }
}
