package dev.spinbpf.vm.order;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.LockVerdict;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Predictions for programs of which the order of locks is known. */
class LockOrderTest {
    private static final String HEAD = """
            .license "GPL"
            .kfunc bpf_res_spin_lock
            .kfunc bpf_res_spin_unlock
            .kfunc bpf_res_spin_lock_irqsave
            .kfunc bpf_res_spin_unlock_irqrestore
            .section .data.a
                flags 0
                var a : bpf_res_spin_lock
            .section .data.b
                flags 0
                var b : bpf_res_spin_lock
            .section .data.c
                flags 0
                var c : bpf_res_spin_lock
            .section .data.plain
                flags 0
                var plain : bpf_spin_lock
            """;

    private static final String CHANGE = """
            .program %1$s "%2$s"
                *(u64 *)(r10 -8) = 0
                *(u64 *)(r10 -16) = 0
                r2 = r10
                r2 += -8
                r3 = r10
                r3 += -16
                r4 = 0
                r1 = map[%3$s]
                call bpf_map_%4$s_elem
                r0 = 0
                exit
            """;

    /** A program that takes locks one on top of the other, the way {@code suffix} says, and releases all. */
    private static String taking(String name, String section, String suffix, String... locks) {
        boolean irq = !suffix.isEmpty();
        StringBuilder text = new StringBuilder(".program " + name + " \"" + section + "\"\n");
        for (int i = 0; i < locks.length; i++) {
            text.append(call(locks[i], irq, i, "bpf_res_spin_lock" + suffix));
            text.append("    if r0 != 0 goto undo").append(i).append('\n');
        }
        for (int i = locks.length; i-- > 0; ) {
            text.append(call(locks[i], irq, i, "bpf_res_spin_unlock" + (irq ? "_irqrestore" : "")));
            text.append("undo").append(i).append(":\n");
        }
        return text.append("    r0 = 0\n    exit\n").toString();
    }

    private static String call(String lock, boolean irq, int number, String function) {
        String flags = irq ? "    r2 = r10\n    r2 += -" + 8 * (number + 1) + "\n" : "";
        return "    r1 = &" + lock + "\n" + flags + "    call " + function + "\n";
    }

    private static List<LockProgram> programs(ProgramObject object, String file, int number) {
        List<LockProgram> programs = new ArrayList<>();
        for (Program program : object.programs()) {
            LockVerdict found = Verifier.locks(object, program, VerifierOptions.DEFAULT);
            assertThat(found.verdict()).as(program.name()).isInstanceOf(Verdict.Accepted.class);
            assertThat(found.complete()).isTrue();
            programs.add(new LockProgram(file, number, object.maps(), program, found.uses()));
        }
        return programs;
    }

    private static LockOrder orderOf(String... texts) throws Exception {
        return LockOrder.of(programs(Assembler.assemble("t.bpfasm", HEAD + String.join("", texts)), "t", 0));
    }

    private static List<String> predicted(LockOrder order) {
        return order.predictions().stream().map(LockOrderTest::words).toList();
    }

    private static String words(LockPrediction prediction) {
        String steps = prediction.steps().stream()
                .map(step -> step.held().name() + " -" + step.kind().word() + ":"
                        + step.taker().by().program() + "-> ")
                .collect(Collectors.joining());
        return steps + prediction.steps().getLast().wanted().name() + " " + prediction.outcome();
    }

    @Test
    void shouldFindARingOfTwoProgramsWithBothPlacesOfEach() throws Exception {
        LockOrder order = orderOf(taking("one", "tc", "", "a", "b"), taking("other", "tc", "", "b", "a"));
        assertThat(predicted(order)).containsExactly("a -nested:one-> b -nested:other-> a FAILS_SOON");
        LockStep first = order.predictions().getFirst().steps().getFirst();
        assertThat(first.holder().at().insn()).isEqualTo(2);
        assertThat(first.taker().at().insn()).isEqualTo(6);
        assertThat(first.taker().path()).extracting("text").contains("bpf_res_spin_lock(&a) succeeds");
    }

    @Test
    void shouldFindARingOfThreeWhichOnlyTimesOut() throws Exception {
        LockOrder order = orderOf(
                taking("ab", "tc", "", "a", "b"), taking("bc", "tc", "", "b", "c"), taking("ca", "tc", "", "c", "a"));
        assertThat(predicted(order)).containsExactly("a -nested:ab-> b -nested:bc-> c -nested:ca-> a TIMES_OUT");
    }

    @Test
    void shouldPredictNothingWhereTheOrderIsTheSame() throws Exception {
        LockOrder order = orderOf(taking("one", "tc", "", "a", "b"), taking("other", "xdp", "", "a", "b"));
        assertThat(order.steps()).hasSize(1);
        assertThat(order.predictions()).isEmpty();
    }

    /** Who takes them in the other order needs the third lock first, which only one can hold. */
    @Test
    void shouldPredictNoRingWhereAThirdLockKeepsTheProgramsApart() throws Exception {
        LockOrder order = orderOf(taking("one", "tc", "", "c", "a", "b"), taking("other", "tc", "", "c", "b", "a"));
        assertThat(order.steps()).hasSize(4);
        assertThat(order.predictions()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "tc, 1, a -interrupt:upper-> a FAILS_AT_ONCE",
        "tp_btf/hrtimer_expire_entry, 1, a -interrupt:upper-> a FAILS_AT_ONCE",
        "syscall, 0, ''"
    })
    void shouldFindALockThatAnInterruptTakesOnTopOfItsHolder(String section, int count, String words) throws Exception {
        LockOrder order = orderOf(taking("lower", "syscall", "", "a"), taking("upper", section, "", "a"));
        assertThat(predicted(order)).hasSize(count);
        assertThat(String.join("", predicted(order))).isEqualTo(words);
    }

    @Test
    void shouldPredictNothingWhereInterruptsAreOffWhileTheLockIsHeld() throws Exception {
        assertThat(orderOf(taking("lower", "syscall", "_irqsave", "a"), taking("upper", "tc", "", "a"))
                        .predictions())
                .isEmpty();
    }

    /** An interrupt takes b on the holder of a; elsewhere a is taken on top of b. */
    @Test
    void shouldFindARingThatAnInterruptCloses() throws Exception {
        LockOrder order = orderOf(
                taking("holder", "syscall", "", "a"),
                taking("lands", "tc", "", "b"),
                taking("nests", "syscall", "_irqsave", "b", "a"));
        assertThat(predicted(order)).containsExactly("b -nested:nests-> a -interrupt:lands-> b FAILS_SOON");
    }

    @Test
    void shouldFindWhatRunsInsideTheSlowPathOfALockOnTopOfIt() throws Exception {
        LockOrder order =
                orderOf(taking("worker", "tc", "", "a"), taking("on_contention", "tp_btf/contention_begin", "", "a"));
        assertThat(predicted(order)).containsExactly("a -hook:on_contention-> a FAILS_AT_ONCE");
    }

    @Test
    void shouldCountLocksInsideOfMaps() throws Exception {
        String map = ".map m hash\n    key 8\n    value 8\n    max_entries 4\n";
        LockOrder order = orderOf(
                map,
                CHANGE.formatted("update", "tc", "m", "update"),
                CHANGE.formatted("nmi", "perf_event", "m", "delete"));
        assertThat(predicted(order))
                .containsExactly(
                        "map 'm' bucket -interrupt:nmi-> map 'm' bucket FAILS_AT_ONCE",
                        "map 'm' freelist -interrupt:nmi-> map 'm' freelist FAILS_AT_ONCE");
        LockOrder inside = orderOf(
                map,
                CHANGE.formatted("update", "tc", "m", "update"),
                taking("tracer", "fentry/lookup_elem_raw", "", "a"));
        assertThat(inside.predictions()).isEmpty();
        assertThat(inside.locks()).extracting(row -> row.lock().name()).contains("map 'm' bucket", "a");
    }

    /**
     * The shape of a report of lockdep's that was a false one (pidmap_lock and a sequence counter): under the lock of a bucket a
     * trie is read, which means to take and release the writer's lock if a writer is in the way; and on top of the writer the
     * bucket's lock is taken. A reader is not in the order of locks. One that writes is.
     */
    @ParameterizedTest
    @CsvSource({"lookup, 0", "update, 1"})
    void shouldMakeNoEdgeOfAReadSectionUnderASequenceCounter(String access, int rings) throws Exception {
        String maps = ".map h hash\n    key 8\n    value 8\n    max_entries 4\n    flags 1\n"
                + ".map t lpm_trie\n    key 8\n    value 8\n    max_entries 4\n    flags 1\n";
        String reader = CHANGE.formatted("reader", "kprobe/lookup_elem_raw", "t", access);
        String writer = CHANGE.formatted("writer", "syscall", "t", "update");
        LockOrder order = orderOf(
                maps,
                CHANGE.formatted("user", "tc", "h", "update"),
                reader,
                writer,
                CHANGE.formatted("nmi", "perf_event", "h", "delete"));
        assertThat(order.predictions().stream().filter(one -> one.kind() == LockPrediction.Kind.RING))
                .hasSize(rings);
        assertThat(order.predictions().stream()
                        .filter(one -> one.steps().getFirst().held().name().equals("map 't' lpm")
                                && one.kind() == LockPrediction.Kind.INVERSION))
                .isEmpty();
    }

    /** Nobody gives up in a ring of locks that cannot fail, and an ordinary lock that nests into itself hangs the CPU. */
    @Test
    void shouldCallADeadlockWhatNobodyGivesUp() throws Exception {
        String map = ".map r rhash\n    key 8\n    value 8\n    max_entries 4\n    flags 1\n";
        LockOrder order = orderOf(
                map,
                CHANGE.formatted("update", "tc", "r", "update"),
                CHANGE.formatted("nmi", "perf_event", "r", "update"));
        assertThat(predicted(order)).containsExactly("map 'r' bucket -interrupt:nmi-> map 'r' bucket DEADLOCK");
    }

    /** The bpf_spin_lock itself is taken with interrupts off. */
    @Test
    void shouldTellPlainLocksFromThoseThatFail() throws Exception {
        String plain = """
                .program %s "%s"
                    r1 = &plain
                    call bpf_spin_lock
                    r1 = &a
                    call bpf_res_spin_lock
                    if r0 != 0 goto out
                    r1 = &a
                    call bpf_res_spin_unlock
                out:
                    r1 = &plain
                    call bpf_spin_unlock
                    r0 = 0
                    exit
                """;
        LockOrder order = orderOf(plain.formatted("one", "syscall"), taking("two", "tc", "", "a"));
        assertThat(order.steps()).hasSize(1);
        assertThat(order.predictions()).isEmpty();
        assertThat(predicted(orderOf(plain.formatted("one", "tc"), taking("two", "syscall", "", "a"))))
                .containsExactly("a -interrupt:one-> a FAILS_AT_ONCE");
    }

    @Test
    void shouldTellMapsOfTwoObjectsApartUnlessTheyArePinned() throws Exception {
        ProgramObject one = Assembler.assemble("one.bpfasm", HEAD + taking("ab", "tc", "", "a", "b"));
        ProgramObject two = Assembler.assemble("two.bpfasm", HEAD + taking("ba", "tc", "", "b", "a"));
        List<LockProgram> apart = new ArrayList<>(programs(one, "one", 0));
        apart.addAll(programs(two, "two", 1));
        LockOrder order = LockOrder.of(apart);
        assertThat(order.predictions()).isEmpty();
        assertThat(order.locks())
                .extracting(row -> row.lock().name())
                .containsExactly("a (one)", "b (one)", "b (two)", "a (two)");
        List<LockProgram> pinned = apart.stream().map(LockOrderTest::pinned).toList();
        assertThat(predicted(LockOrder.of(pinned))).containsExactly("a -nested:ab-> b -nested:ba-> a FAILS_SOON");
    }

    private static LockProgram pinned(LockProgram program) {
        List<MapDef> maps = program.maps().stream()
                .map(map -> map.toBuilder().pinned(true).build())
                .toList();
        return new LockProgram(program.file(), program.object(), maps, program.program(), program.uses());
    }

    @ParameterizedTest
    @CsvSource({
        "irqsave, 0",
        "lock_in_map_value, 0",
        "packet_counter, 0",
        "lpm_firewall, 0",
        "balanced, 1",
        "timer_irq, 1",
        "nmi_bucket, 2",
        "abba, 3",
        "aa_by_nesting, 3"
    })
    void shouldPredictForSamplesWhatTheyShow(String name, int count) throws Exception {
        Path root = Path.of(System.getProperty("spinbpf.root", ".."));
        ProgramObject object =
                ObjectReader.read(root.resolve("programs/samples").resolve(name + ".bpf.o"), ReadOptions.DEFAULT);
        assertThat(predicted(LockOrder.of(programs(object, name, 0)))).hasSize(count);
    }
}
