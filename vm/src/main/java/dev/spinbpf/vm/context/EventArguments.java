package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.helper.EmulatedKernel;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments of calls and tracepoints that nothing here makes. Pointers lead to an object of the machine where there is
 * one of that type (a task, the cgroup, a map), else to an object of zeros; numbers are drawn, small ones most often.
 */
final class EventArguments {
    private static final int MOST_BITS = 12;
    private static final int MOST_ERRNO = 34;

    /** One in so many pointers that may be null is. */
    private static final int RARE = 8;

    private static final String MAY_BE_NULL = "__nullable";

    private final EmulatedKernel kernel;
    private final Cpu cpu;

    EventArguments(EmulatedKernel kernel, Cpu cpu) {
        this.kernel = kernel;
        this.cpu = cpu;
    }

    /**
     * Returns the values of the arguments, 8 bytes each; a struct that is passed by value is zeros.
     *
     * @param zeros the object of zeros
     */
    long[] of(List<ContextArgument> arguments, long zeros) {
        long[] slots =
                new long[arguments.stream().mapToInt(EventArguments::slots).sum()];
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

    /** Returns the arguments of an iterator for an object; at the end of an iteration there is none. */
    long[] ofIteration(List<ContextArgument> arguments, long zeros) {
        long[] slots = of(arguments, zeros);
        if (isRare()) {
            Arrays.fill(slots, 1, slots.length, 0);
        }
        return slots;
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
        long object = kernel.object(argument.pointsTo(), cpu, which);
        return object == 0 ? zeros : object;
    }

    /** Returns a number of up to 12 bits, whose length is drawn too. */
    long number() {
        int random = kernel.random(cpu);
        int bits = Integer.remainderUnsigned(random, MOST_BITS + 1);
        return random >>> 8 & (1L << bits) - 1;
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
        return kernel.tasks().pid(other(number));
    }

    String comm(int number) {
        return kernel.tasks().comm(other(number));
    }

    int cpuNumber() {
        return cpu.id();
    }

    int random() {
        return kernel.random(cpu);
    }

    private Cpu other(int number) {
        return kernel.cpus().get((cpu.id() + number) % kernel.cpus().count());
    }
}
