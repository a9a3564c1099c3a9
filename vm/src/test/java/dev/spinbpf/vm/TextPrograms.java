package dev.spinbpf.vm;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;

/** A machine with programs given as text. */
final class TextPrograms implements AutoCloseable {
    final Machine machine;
    private final ProgramObject object;

    TextPrograms(MachineOptions options, String text) throws Exception {
        machine = new Machine(options);
        object = Assembler.assemble("test.bpfasm", text);
        for (Program program : object.programs()) {
            machine.loadUnverified(object, program);
        }
    }

    LoadedProgram program(String name) {
        return machine.programs().stream()
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    LoadedProgram attach(String name) {
        LoadedProgram program = program(name);
        machine.attach(program);
        return program;
    }

    /** The address of a variable. */
    long address(String variable) throws Exception {
        for (BpfMap map : machine.maps(object)) {
            int typeId = map.def().valueTypeId();
            if (map.def().isGlobalData() && object.btf().type(typeId) instanceof BtfType.DataSec section) {
                for (BtfType.SecVar entry : section.vars()) {
                    if (object.btf().type(entry.varTypeId()).name().equals(variable)) {
                        return map.directValueAddress() + entry.offset();
                    }
                }
            }
        }
        throw new IllegalArgumentException("no variable " + variable);
    }

    long value(String variable) throws Exception {
        return GuestMemory.getLong(address(variable));
    }

    @Override
    public void close() {
        machine.close();
    }
}
