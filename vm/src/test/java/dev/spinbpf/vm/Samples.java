package dev.spinbpf.vm;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.file.Path;

/** A machine with the programs of one of the repository's sample objects. */
final class Samples extends ObjectMachine {
    private Samples(ProgramObject object, MachineOptions options) throws Exception {
        super(object, options);
    }

    /** Loads all programs of a sample. */
    static Samples load(String name, int cpus) throws Exception {
        return load(name, MachineOptions.ofCpus(cpus));
    }

    static Samples load(String name, MachineOptions options) throws Exception {
        Path root = Path.of(System.getProperty("spinbpf.root", ".."));
        Path file = root.resolve("programs/samples").resolve(name + ".bpf.o");
        return new Samples(ObjectReader.read(file, ReadOptions.DEFAULT), options);
    }

    Samples attachAll() {
        machine.programs().forEach(machine::attach);
        return this;
    }

    BpfMap map(String name) throws Exception {
        return machine.maps(object).stream()
                .filter(map -> map.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
