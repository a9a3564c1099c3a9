package dev.spinbpf.vm.soundness;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.exec.BareLinkage;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.exec.InsnKinds;
import dev.spinbpf.vm.exec.SteppedRun;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/** Memory for a context, a packet and two maps, in which {@link TrialSubject}s run on random input. */
final class Bench implements AutoCloseable, BareLinkage {
    private static final int CONTEXT_SIZE = 192;
    private static final int MOST_PACKET = 128;
    private static final int DATA = 76;
    private static final int DATA_END = 80;
    private static final int LOOKUP = 1;
    private static final int PRANDOM = 7;
    private static final long BUDGET = 2000;

    /** Two frames: a program may read what another run left there. */
    private static final int USED_STACK = 1024;

    private final GuestArena arena = new GuestArena("soundness");
    private final SteppedRun run = new SteppedRun(arena);
    private final long plainStack = arena.allocate(Execution.STACK_SIZE);
    private final Execution plainRun = new Execution(new Cpus(1, Clock.REAL).get(0), plainStack);
    private final long context = arena.allocate(CONTEXT_SIZE);
    private final long packet = arena.allocate(MOST_PACKET);
    private final long[] values = {
        arena.allocate(RandomProgram.VALUE_SIZE), arena.allocate(RandomProgram.LOOKED_UP_SIZE)
    };
    private final int[] valueSizes = {RandomProgram.VALUE_SIZE, RandomProgram.LOOKED_UP_SIZE};
    private RandomNumbers input = new RandomNumbers(0);
    private Inputs inputs = new Inputs(List.of());

    Code load(TrialSubject subject) {
        inputs = new Inputs(subject.program().insns());
        return Code.of(subject.object(), subject.program(), this, InsnKinds.plain());
    }

    /**
     * Runs a program once.
     *
     * @param seed of the input
     * @param watcher sees each instruction but the first, before it runs
     * @return why the run was stopped, null if it was not or ran for long
     */
    @Nullable
    Fault run(Code code, long seed, Consumer<ConcreteState> watcher) {
        long end = fill(seed);
        ConcreteState at = new ConcreteState(run, context, values, packet, end);
        return run.run(code, context, BUDGET, () -> watcher.accept(at));
    }

    /** The end of a run in one of the engines: r0, instructions, the fault if there was one, all memory. */
    record Outcome(long r0, long executed, @Nullable Fault fault, List<Long> memory) {}

    /**
     * Runs a program once, at full speed.
     *
     * @param seed of the input
     * @param budget most instructions
     */
    Outcome run(Code code, long seed, long budget) {
        fill(seed);
        fill(plainStack + Execution.STACK_SIZE - USED_STACK, USED_STACK, _ -> 0);
        plainRun.budget(budget);
        long r0 = plainRun.run(code, context);
        return new Outcome(r0, plainRun.executed(), plainRun.fault(), memory());
    }

    private List<Long> memory() {
        List<Long> words = new ArrayList<>();
        addWords(words, context, CONTEXT_SIZE);
        addWords(words, packet, MOST_PACKET);
        for (int i = 0; i < values.length; i++) {
            addWords(words, values[i], valueSizes[i]);
        }
        return words;
    }

    private static void addWords(List<Long> words, long address, int sizeBytes) {
        for (int at = 0; at < sizeBytes; at += 8) {
            words.add(GuestMemory.getLong(address + at));
        }
    }

    /** Fills context, packet and values; returns the packet's end. */
    private long fill(long seed) {
        input = new RandomNumbers(seed);
        fill(context, CONTEXT_SIZE, at -> inputs.forContext(at, input));
        fill(packet, MOST_PACKET, at -> inputs.any(input));
        fill(values[0], valueSizes[0], at -> inputs.forValue(at, input));
        fill(values[1], valueSizes[1], at -> inputs.any(input));
        long end = packet + inputs.length(MOST_PACKET, input);
        GuestMemory.putInt(context + DATA, (int) packet);
        GuestMemory.putInt(context + DATA_END, (int) end);
        return end;
    }

    long executed() {
        return run.executed();
    }

    private static void fill(long address, int sizeBytes, IntToLongFunction numbers) {
        for (int at = 0; at < sizeBytes; at += 8) {
            GuestMemory.putLong(address + at, numbers.applyAsLong(at));
        }
    }

    /** True if a load or store that comes next is within memory that the program may access. */
    boolean isWithin(ConcreteState at, Insn insn) {
        boolean load =
                switch (insn.op().kind()) {
                    case LDX, LDXSX, LOAD_ACQUIRE -> true;
                    default -> false;
                };
        boolean store =
                switch (insn.op().kind()) {
                    case ST, STX, ATOMIC, STORE_RELEASE -> true;
                    default -> false;
                };
        if (!load && !store) {
            return true;
        }
        int frame = run.currentFrame();
        long address = run.register(frame, load ? insn.src() : insn.dst()) + insn.off();
        int size = insn.op().widthBytes();
        long stackTop = run.framePointer(0);
        long stackEnd = run.framePointer(frame) - 512;
        return lies(address, size, context, context + CONTEXT_SIZE)
                || lies(address, size, packet, at.packetEnd())
                || lies(address, size, values[0], values[0] + valueSizes[0])
                || lies(address, size, values[1], values[1] + valueSizes[1])
                || lies(address, size, stackEnd, stackTop);
    }

    private static boolean lies(long address, int size, long start, long end) {
        return address >= start && address + size <= end;
    }

    @Override
    public long mapAddress(int mapIndex) {
        return values[mapIndex];
    }

    @Override
    public long mapValueAddress(int mapIndex, int offset) {
        return values[mapIndex] + offset;
    }

    @Override
    public Helper helper(int number) {
        return switch (number) {
            case LOOKUP ->
                (_, map, key, _, _, _) -> {
                    run.enterHelper();
                    return GuestMemory.getInt(key) == 0 ? map : 0;
                };
            case PRANDOM ->
                (_, _, _, _, _, _) -> {
                    run.enterHelper();
                    return input.number() & 0xffff_ffffL;
                };
            default -> throw new UnsupportedProgramException("no helper " + number + " here");
        };
    }

    @Override
    public void close() {
        arena.close();
    }
}
