package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.programs.isa.InvalidInsnException;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.nio.file.Path;
import java.util.List;

/**
 * Files of nothing but instructions ({@code .bin}), as other engines' benchmarks use them: one program, no maps, and r1
 * points to plain memory. No kind of Linux's programs is like that, so that they cannot be verified.
 */
final class RawProgram {
    private static final String SUFFIX = ".bin";

    private RawProgram() {}

    static boolean isNamed(Path file) {
        return file.toString().endsWith(SUFFIX);
    }

    /** The program, named as the file is. */
    static ProgramObject read(Path file) throws InputException {
        List<Insn> insns;
        try {
            insns = InsnDecoder.decode(InputFiles.bytesOf(file, true));
        } catch (InvalidInsnException e) {
            throw new InputException(InputFiles.shown(file) + ": " + e.getMessage());
        }
        String fileName = String.valueOf(file.getFileName());
        String name = fileName.substring(0, fileName.length() - SUFFIX.length());
        Program program = Program.of(
                name,
                "",
                ProgType.UNSPEC,
                AttachType.CGROUP_INET_INGRESS,
                insns,
                List.of(new Subprog(name, 0, insns.size(), true, 0)));
        return ProgramObject.of(InputFiles.shown(file), "GPL", List.of(program), List.of());
    }
}
