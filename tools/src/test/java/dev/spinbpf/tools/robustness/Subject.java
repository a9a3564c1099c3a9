package dev.spinbpf.tools.robustness;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfDump;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.DumpJson;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.VerifiedProgram;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * The work on each damaged copy: it is read, its programs are verified, some are run, some are shown. The documented
 * ways to refuse are counted; all else is the caller's to report.
 */
final class Subject {
    private static final long MOST_INSNS = 100_000;
    private static final int LARGE_INSNS = 5000;

    /** One of so many copies is shown, and one of so many is run. */
    private static final int SHARE = 8;

    private final String name;
    private final byte[] bytes;
    private final ObjectLayout layout;
    private final String text;
    private int refused;
    private int accepted;
    private int rejected;
    private int unsupported;

    /** A way to damage. */
    enum Kind {
        /** Bytes anywhere in the file. */
        BYTES,
        /** The instructions of a file that is sound otherwise. */
        INSTRUCTIONS,
        /** The instructions of linked programs, which still decode. */
        PROGRAMS,
        /** The text form. */
        TEXT
    }

    Subject(Path file, byte[] bytes) throws MalformedObjectException {
        this.name = file.getFileName().toString();
        this.bytes = bytes;
        this.layout = ObjectLayout.of(bytes);
        this.text = AssemblyWriter.write(ObjectReader.read(name, bytes, ReadOptions.DEFAULT));
    }

    String name() {
        return name;
    }

    /** Copies that could not be read, and programs by verdict. */
    int[] counts() {
        return new int[] {refused, accepted, rejected, unsupported};
    }

    /** Makes the damaged copy that the random numbers say, and puts it through. */
    void damageAndUse(Kind kind, SplittableRandom random) {
        try {
            use(read(kind, random), random);
        } catch (MalformedObjectException | AssemblyException e) {
            if (Objects.requireNonNull(e.getMessage()).isEmpty()) {
                throw new IllegalStateException("refused without a reason", e);
            }
            refused++;
        }
    }

    private ProgramObject read(Kind kind, SplittableRandom random) throws MalformedObjectException, AssemblyException {
        ObjectDamage damage = new ObjectDamage(random);
        return switch (kind) {
            case BYTES -> ObjectReader.read(name, damage.anywhere(bytes, layout), ReadOptions.DEFAULT);
            case INSTRUCTIONS -> ObjectReader.read(name, damage.instructions(bytes, layout), ReadOptions.DEFAULT);
            case PROGRAMS -> new ProgramDamage(random).anywhere(ObjectReader.read(name, bytes, ReadOptions.DEFAULT));
            case TEXT -> Assembler.assemble(name, new TextDamage(random).anywhere(text));
        };
    }

    private void use(ProgramObject object, SplittableRandom random) {
        boolean log = random.nextInt(SHARE) == 0;
        VerifierOptions options = new VerifierOptions(log, Btf.EMPTY, VerifierOptions.INSN_LIMIT);
        List<VerifiedProgram> verified = new ArrayList<>();
        for (Program program : object.programs()) {
            switch (Verifier.verify(object, program, options)) {
                case Verdict.Accepted verdict -> verified.add(verdict.program());
                case Verdict.Rejected verdict -> {
                    rejected++;
                    if (verdict.message().isEmpty()) {
                        throw new IllegalStateException(program.name() + " was rejected without a message");
                    }
                }
                case Verdict.Unsupported _ -> unsupported++;
            }
        }
        accepted += verified.size();
        if (random.nextInt(SHARE) == 0) {
            show(object);
        }
        if (!verified.isEmpty() && random.nextInt(SHARE) == 0) {
            run(verified, random.nextLong());
        }
    }

    private static void show(ProgramObject object) {
        AssemblyWriter.write(object);
        DumpJson.of(object, null);
        new BtfDump(object.btf()).raw();
        new BtfDump(object.btf()).c();
    }

    private static void run(List<VerifiedProgram> verified, long seed) {
        MachineOptions options = MachineOptions.ofCpus(2).withSeed(seed).withInsnBudget(MOST_INSNS);
        try (Machine machine = new Machine(options)) {
            for (VerifiedProgram program : verified) {
                if (program.program().insns().size() < LARGE_INSNS) {
                    machine.run(machine.load(program), null, 0, 1);
                }
            }
        } catch (MapCreationException | UnsupportedProgramException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }
}
