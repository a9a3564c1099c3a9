package dev.spinbpf.vm;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import java.nio.file.Path;

/** A machine with the programs of one of the repository's sample objects. */
final class Samples implements AutoCloseable {
    final Machine machine;
    final ProgramObject object;

    private Samples(ProgramObject object, MachineOptions options) {
        this.object = object;
        this.machine = new Machine(options);
    }

    /** Loads all programs of a sample. */
    static Samples load(String name, int cpus) throws Exception {
        return load(name, MachineOptions.ofCpus(cpus));
    }

    static Samples load(String name, MachineOptions options) throws Exception {
        Path root = Path.of(System.getProperty("spinbpf.root", ".."));
        Path file = root.resolve("programs/samples").resolve(name + ".bpf.o");
        Samples samples = new Samples(ObjectReader.read(file, ReadOptions.DEFAULT), options);
        for (Program program : samples.object.programs()) {
            samples.machine.loadUnverified(samples.object, program);
        }
        return samples;
    }

    Samples attachAll() {
        machine.programs().forEach(machine::attach);
        return this;
    }

    LoadedProgram program(String name) {
        return machine.programs().stream()
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    BpfMap map(String name) throws Exception {
        return machine.maps(object).stream()
                .filter(map -> map.name().equals(name))
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
