package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.vm.jit.AccessMode;
import dev.spinbpf.vm.jit.Compiler;
import dev.spinbpf.vm.jit.NotCompilableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a few instructions, in one of the engines. */
final class Snippet implements AutoCloseable, BareLinkage {
    final GuestArena arena = new GuestArena("test");
    final Cpus cpus = new Cpus(1, Clock.REAL);
    final Execution run = new Execution(cpus.get(0), arena.allocate(Execution.STACK_SIZE));
    final Map<Integer, Helper> helpers = new HashMap<>();

    private final Engine engine;

    /** The engines that run programs. */
    enum Engine {
        INTERPRETER,
        COMPILER,
        MASKED_COMPILER
    }

    Snippet() {
        this(Engine.INTERPRETER);
    }

    Snippet(Engine engine) {
        this.engine = engine;
    }

    Code code(List<Insn> insns) {
        List<Insn> slots = new ArrayList<>();
        for (Insn insn : insns) {
            slots.add(insn);
            if (insn.slots() == 2) {
                slots.add(Insn.LDDW_SECOND_SLOT);
            }
        }
        return slots(slots);
    }

    Code slots(List<Insn> slots) {
        Program program = Program.of(
                "snippet",
                "syscall",
                ProgType.SYSCALL,
                AttachType.XDP,
                slots,
                List.of(new Subprog("snippet", 0, slots.size(), true, 0)));
        ProgramObject object = ProgramObject.of("snippet.o", "GPL", List.of(program), List.of());
        Code code = Code.of(object, program, this, InsnKinds.plain());
        if (engine != Engine.INTERPRETER) {
            code.machineCode(compiled(code, engine == Engine.COMPILER ? AccessMode.CHECKED : AccessMode.MASKED));
        }
        return code;
    }

    private static MachineCode compiled(Code code, AccessMode access) {
        try {
            MachineCode machine = Compiler.compile(code, access);
            if (machine instanceof PiecedCode pieces) {
                pieces.openAll();
            }
            return machine;
        } catch (NotCompilableException e) {
            throw new IllegalStateException(e);
        }
    }

    long run(Insn... insns) {
        return run.run(code(List.of(insns)), 0);
    }

    static Insn insn(Op op, int dst, int src, int off, long imm) {
        return new Insn(op, dst, src, off, imm);
    }

    static Insn load(int dst, long value) {
        return new Insn(Op.LDDW_IMM64, dst, 0, 0, value);
    }

    static Insn exit() {
        return new Insn(Op.EXIT, 0, 0, 0, 0);
    }

    @Override
    public Helper helper(int number) {
        Helper helper = helpers.get(number);
        if (helper == null) {
            throw new UnsupportedProgramException("helper #" + number + " is not supported");
        }
        return helper;
    }

    @Override
    public void close() {
        arena.close();
    }
}
