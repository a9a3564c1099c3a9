package dev.spinbpf.vm;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;

/** A machine with all programs of an object, unverified. */
class ObjectMachine implements AutoCloseable {
    final Machine machine;
    final ProgramObject object;

    ObjectMachine(ProgramObject object, MachineOptions options) throws Exception {
        this.object = object;
        machine = new Machine(options);
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

    /** The address of a global variable. */
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

    /** The value of a global u64. */
    long variable(String name) throws Exception {
        return GuestMemory.getLong(address(name));
    }

    @Override
    public void close() {
        machine.close();
    }
}
