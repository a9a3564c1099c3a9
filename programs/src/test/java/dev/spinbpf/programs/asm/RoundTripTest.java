package dev.spinbpf.programs.asm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.programs.isa.InsnEncoder;
import dev.spinbpf.programs.isa.InvalidInsnException;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.isa.RandomInsns;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Disassembled programs assemble again to the same bytes. */
class RoundTripTest {
    private static final int SAMPLES_PER_ROW = 100;
    /** The Maven profile {@code thorough} has more of both. */
    private static final boolean THOROUGH = Boolean.getBoolean("spinbpf.thorough");

    private static final int MUTATIONS_PER_SAMPLE = THOROUGH ? 40 : 10;
    private static final int RANDOM_PROGRAMS = THOROUGH ? 10_000 : 3_000;

    @ParameterizedTest
    @EnumSource(value = Op.class, mode = EnumSource.Mode.EXCLUDE, names = "LDDW_HI")
    void shouldAssembleWhatItDisassembledForEveryRow(Op op) throws AssemblyException {
        RandomInsns random = new RandomInsns(new Random(op.ordinal()));
        List<Insn> insns = new ArrayList<>();
        for (int sample = 0; sample < SAMPLES_PER_ROW; sample++) {
            insns.addAll(RandomInsns.slots(random.insn(op)));
        }
        ProgramObject object = object(insns, new Random(op.ordinal()));
        assertThat(reassembled(object).programs().getFirst().insns()).isEqualTo(insns);
    }

    /** The kernel's own text assembles as well, where it says all that there is to say. */
    @ParameterizedTest
    @EnumSource(
            value = Op.class,
            mode = EnumSource.Mode.MATCH_NONE,
            names = {"LDDW_[^I].*", "CALL_KFUNC"})
    void shouldAssembleTheKernelsTextForEveryRow(Op op) throws AssemblyException {
        RandomInsns random = new RandomInsns(new Random(op.ordinal()));
        StringBuilder text = new StringBuilder(".program p \"tc\"\n");
        List<Insn> insns = new ArrayList<>();
        for (int sample = 0; sample < SAMPLES_PER_ROW; sample++) {
            Insn insn = random.insn(op);
            text.append(insns.size())
                    .append(": ")
                    .append(Disassembler.logText(insn))
                    .append('\n');
            insns.addAll(RandomInsns.slots(insn));
        }
        ProgramObject object = Assembler.assemble("kernel.bpfasm", text.toString());
        assertThat(object.programs().getFirst().insns()).isEqualTo(insns);
    }

    @Test
    void shouldBringBackTheBytesOfRandomPrograms() throws InvalidInsnException {
        long firstSeed = Long.getLong("spinbpf.seed", 20_260_719L);
        for (long seed = firstSeed; seed < firstSeed + RANDOM_PROGRAMS; seed++) {
            Random random = new Random(seed);
            byte[] bytes = InsnEncoder.encode(new RandomInsns(random).program(1 + random.nextInt(40)));
            ProgramObject object = object(InsnDecoder.decode(bytes), random);
            String text = AssemblyWriter.write(object);
            try {
                List<Insn> insns = Assembler.assemble("random.bpfasm", text)
                        .programs()
                        .getFirst()
                        .insns();
                assertThat(InsnEncoder.encode(insns))
                        .as("seed %d:%n%s", seed, text)
                        .isEqualTo(bytes);
            } catch (AssemblyException e) {
                throw new AssertionError("seed " + seed + ":\n" + text, e);
            }
        }
    }

    static Stream<Path> samples() throws IOException {
        Path samples = Path.of(System.getProperty("spinbpf.root"), "programs", "samples");
        try (Stream<Path> files = Files.list(samples)) {
            return files.filter(file -> file.toString().endsWith(".bpf.o")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void shouldBringBackTheSamples(Path file) throws Exception {
        ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
        assertSame(reassembled(object), object);
    }

    /** Text with characters changed, lines lost and lines exchanged is assembled or refused; nothing else happens. */
    @ParameterizedTest
    @MethodSource("samples")
    void shouldRefuseOrAssembleMutatedText(Path file) throws Exception {
        String text = AssemblyWriter.write(ObjectReader.read(file, ReadOptions.DEFAULT));
        for (int seed = 0; seed < MUTATIONS_PER_SAMPLE; seed++) {
            String mutated = mutated(text, new Random(seed));
            try {
                Assembler.assemble("mutated.bpfasm", mutated);
            } catch (AssemblyException e) {
                assertThat(e.diagnostics()).isNotEmpty();
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(file + ", seed " + seed, e);
            }
        }
    }

    private static String mutated(String text, Random random) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        for (int change = random.nextInt(4); change >= 0; change--) {
            int at = random.nextInt(lines.size());
            StringBuilder line = new StringBuilder(lines.get(at));
            switch (random.nextInt(4)) {
                case 0 -> lines.remove(at);
                case 1 -> Collections.swap(lines, at, random.nextInt(lines.size()));
                case 2 ->
                    lines.set(
                            at,
                            line.append(lines.get(random.nextInt(lines.size()))).toString());
                default -> {
                    int column = random.nextInt(line.length() + 1);
                    line.insert(column, "()[]=+-\"'#:.,0x r1wzé*".charAt(random.nextInt(22)));
                    lines.set(at, line.toString());
                }
            }
        }
        return String.join("\n", lines);
    }

    private static ProgramObject reassembled(ProgramObject object) throws AssemblyException {
        return Assembler.assemble("again.bpfasm", AssemblyWriter.write(object));
    }

    /** All but the lines, which are now those of the text. */
    static void assertSame(ProgramObject actual, ProgramObject expected) {
        assertThat(actual.license()).isEqualTo(expected.license());
        assertThat(actual.kfuncs()).isEqualTo(expected.kfuncs());
        assertThat(actual.ksyms()).isEqualTo(expected.ksyms());
        assertThat(types(actual.btf())).isEqualTo(types(expected.btf()));
        assertThat(actual.maps()).usingRecursiveComparison().isEqualTo(expected.maps());
        assertThat(actual.programs())
                .usingRecursiveComparison()
                .ignoringFields("lines")
                .isEqualTo(expected.programs());
    }

    private static List<BtfType> types(Btf btf) {
        return IntStream.range(0, btf.size()).mapToObj(btf::type).toList();
    }

    /** An object around the instructions, cut into functions here and there. */
    private static ProgramObject object(List<Insn> insns, Random random) {
        List<Subprog> subprogs = new ArrayList<>();
        int start = 0;
        for (int slot = 1; slot <= insns.size(); slot++) {
            boolean cut = slot == insns.size()
                    || random.nextInt(10) == 0 && insns.get(slot).op() != Op.LDDW_HI;
            if (cut) {
                String name = start == 0 ? "main" : random.nextInt(5) == 0 ? "helper" : "f" + start;
                subprogs.add(new Subprog(name, start, slot, start == 0 || random.nextBoolean(), 0));
                start = slot;
            }
        }
        Program program = Program.of("main", "tc", ProgType.SCHED_CLS, AttachType.CGROUP_INET_INGRESS, insns, subprogs);
        MapDef map = MapDef.builder("exit", MapType.HASH)
                .keySize(4)
                .valueSize(8)
                .maxEntries(16)
                .flags(1)
                .build();
        MapDef twin = MapDef.builder("r1", MapType.ARRAY)
                .keySize(4)
                .valueSize(8)
                .maxEntries(16)
                .build();
        return new ProgramObject(
                "random.bpf.o",
                "GPL",
                List.of(program),
                List.of(map, twin),
                List.of(new KfuncRef("bpf_res_spin_lock", false, 0), new KfuncRef("helper", true, 0)),
                Btf.EMPTY,
                List.of(),
                List.of(new KsymRef("bpf_prog_active", true, false, true, 0)),
                List.of(),
                List.of(),
                null);
    }
}
