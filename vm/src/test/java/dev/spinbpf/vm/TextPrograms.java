package dev.spinbpf.vm;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.vm.context.LoadedProgram;

/** A machine with programs given as text. */
final class TextPrograms extends ObjectMachine {
    TextPrograms(MachineOptions options, String text) throws Exception {
        super(Assembler.assemble("test.bpfasm", text), options);
    }

    LoadedProgram attach(String name) {
        LoadedProgram program = program(name);
        machine.attach(program);
        return program;
    }
}
