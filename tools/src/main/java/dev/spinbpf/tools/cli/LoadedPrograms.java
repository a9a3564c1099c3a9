package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** All programs of an object on a machine. */
final class LoadedPrograms {
    private LoadedPrograms() {}

    /**
     * Loads what is accepted, so that tail calls find their targets too; raw instructions without verification.
     *
     * @param complaints takes a line for each program that is not loaded
     */
    static List<LoadedProgram> load(Machine machine, ProgramObject object, Btf kernelTypes, Consumer<String> complaints)
            throws MapCreationException {
        Verifier verifier = new Verifier(object, new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT));
        List<LoadedProgram> loaded = new ArrayList<>();
        for (Program program : object.programs()) {
            try {
                if (program.type() == ProgType.UNSPEC) {
                    loaded.add(machine.loadUnverified(object, program, false));
                    continue;
                }
                switch (verifier.verify(program)) {
                    case Verdict.Accepted accepted -> loaded.add(machine.load(accepted.program()));
                    case Verdict.Rejected rejected ->
                        complaints.accept(program.name() + " was refused: " + rejected.message());
                    case Verdict.Unsupported unsupported ->
                        complaints.accept(program.name() + ": " + unsupported.what());
                }
            } catch (UnsupportedProgramException e) {
                complaints.accept(program.name() + ": " + e.getMessage());
            }
        }
        object.unlinked().forEach(program -> complaints.accept(program.name() + " was refused: " + program.reason()));
        return loaded;
    }
}
