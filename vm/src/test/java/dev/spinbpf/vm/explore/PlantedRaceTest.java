package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Races and lost updates that are planted, and programs beside them that have none. */
@Timeout(600)
class PlantedRaceTest {
    private static final String HEAD = """
            .license "GPL"
            .kfunc bpf_res_spin_lock
            .kfunc bpf_res_spin_unlock
            .kfunc bpf_res_spin_lock_irqsave
            .kfunc bpf_res_spin_unlock_irqrestore
            .map table hash
                key 4
                value 8
                max_entries 4
            .map slots array
                key 4
                value 8
                max_entries 1
            .section .bss
                var x : u64
                var flag : u64
                var seen : u64
            .section .data.lock
                flags 0
                var lock : bpf_res_spin_lock
            """;
    private static final String INCREMENT = """
            r6 = &x
            r7 = *(u64 *)(r6 +0)
            r7 += 1
            *(u64 *)(r6 +0) = r7
            """;

    private static String program(String name, String section, String body) {
        return ".program " + name + " \"" + section + "\"\n" + body + "out:\nr0 = 0\nexit\n";
    }

    private static String locked(String body) {
        return "r1 = &lock\ncall bpf_res_spin_lock\nif r0 != 0 goto out\n" + body
                + "r1 = &lock\ncall bpf_res_spin_unlock\n";
    }

    private static String lockedAndMasked(String body) {
        String flags = "r2 = r10\nr2 += -8\n";
        return "r1 = &lock\n" + flags + "call bpf_res_spin_lock_irqsave\nif r0 != 0 goto out\n" + body + "r1 = &lock\n"
                + flags + "call bpf_res_spin_unlock_irqrestore\n";
    }

    /** Returns the kinds of what is found on a number of CPUs, notes as "note". */
    private static Set<String> kinds(int cpus, String... programs) throws Exception {
        return kinds(cpus, 1, programs);
    }

    private static Set<String> kinds(int cpus, int runs, String... programs) throws Exception {
        byte[] text = (HEAD + String.join("", programs)).getBytes(StandardCharsets.UTF_8);
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                        "planted", new ProgramWorkload.NamedFile("planted.bpfasm", ByteString.of(text)), List.of())))
                .withCpus(cpus);
        ExploreOptions options = new ExploreOptions(2, 1, 0, Duration.ofMinutes(5)).withRuns(runs);
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, options)) {
            ExploreReport report = search.run();
            assertThat(report.isComplete()).isTrue();
            Set<String> kinds = report.witnesses().stream()
                    .map(witness -> witness.finding().kind().word())
                    .collect(Collectors.toCollection(TreeSet::new));
            if (!report.notes().isEmpty()) {
                kinds.add("note");
            }
            return kinds;
        }
    }

    @Test
    void shouldLandAnInterruptBeforeItIsMasked() throws Exception {
        // All that the task shares with the interrupt is under the mask; before it, it touches a word of its own.
        String task = program(
                "task",
                "syscall",
                "r6 = &x\n*(u64 *)(r6 +0) = 1\n" + lockedAndMasked("r6 = &flag\n*(u64 *)(r6 +0) = 1\n"));
        String interrupt = program(
                "interrupt", "tc", "r6 = &flag\nr7 = *(u64 *)(r6 +0)\nr7 += 1\nr6 = &seen\n*(u64 *)(r6 +0) = r7\n");
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                        "planted",
                        new ProgramWorkload.NamedFile(
                                "planted.bpfasm",
                                ByteString.of((HEAD + task + interrupt).getBytes(StandardCharsets.UTF_8))),
                        List.of())))
                .withCpus(1)
                .withPromises(List.of(Promise.parse("flag == 0 || seen != 1"), Promise.parse("seen != 2")));
        ExploreOptions options = new ExploreOptions(0, 1, 0, Duration.ofMinutes(5));
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, options)) {
            assertThat(search.run().witnesses())
                    .extracting(witness -> witness.finding().title())
                    .containsExactlyInAnyOrder("broken promise: flag == 0 || seen != 1", "broken promise: seen != 2");
        }
    }

    @Test
    void shouldNotTakeWhatOneRunLoadsForWhatTheNextOneStores() throws Exception {
        // One program, which loads the first time and stores the second time that it runs on a CPU.
        String program = program("count", "syscall", """
                r6 = &flag
                r1 = 1
                r1 = atomic64_fetch_add((u64 *)(r6 +0), r1)
                r6 = &x
                if r1 > 1 goto store
                r7 = *(u64 *)(r6 +0)
                goto out
                store:
                *(u64 *)(r6 +0) = r1
                """);
        assertThat(kinds(2, 2, program)).containsExactlyInAnyOrder("race", "note");
    }

    @Test
    void shouldNoteTwoStoresOfOneValue() throws Exception {
        String constant = "r6 = &flag\n*(u32 *)(r6 +0) = 1\n";
        String register = "r6 = &flag\nr7 = 0x500000001 ll\n*(u32 *)(r6 +0) = r7\n";
        String other = "r6 = &flag\n*(u32 *)(r6 +0) = 2\n";
        String wide = "r6 = &flag\n*(u64 *)(r6 +0) = 1\n";

        assertThat(kinds(2, program("set", "syscall", constant))).containsExactly("note");
        assertThat(kinds(2, program("set", "syscall", constant), program("too", "syscall", register)))
                .containsExactly("note");
        assertThat(kinds(2, program("set", "syscall", constant), program("no", "syscall", other)))
                .contains("race");
        assertThat(kinds(2, program("set", "syscall", constant), program("no", "syscall", wide)))
                .contains("race");
    }

    @Test
    void shouldFindAnIncrementOutsideALock() throws Exception {
        assertThat(kinds(2, program("count", "syscall", INCREMENT)))
                .containsExactlyInAnyOrder("lost_update", "race", "note");
        assertThat(kinds(2, program("count", "syscall", locked(INCREMENT)))).isEmpty();
    }

    @Test
    void shouldFindOneSideThatTakesNoLock() throws Exception {
        String store = "r6 = &x\n*(u64 *)(r6 +0) = 0\n";

        assertThat(kinds(2, program("count", "syscall", locked(INCREMENT)), program("reset", "syscall", store)))
                .contains("lost_update", "race");
        assertThat(kinds(2, program("count", "syscall", locked(INCREMENT)), program("reset", "syscall", locked(store))))
                .isEmpty();
    }

    @Test
    void shouldFindAnAtomicAdditionThatMeetsAnOrdinaryStore() throws Exception {
        String atomic = "r6 = &x\nr7 = 1\nlock *(u64 *)(r6 +0) += r7\n";

        assertThat(kinds(2, program("add", "syscall", atomic), program("count", "syscall", INCREMENT)))
                .contains("lost_update", "race");
        assertThat(kinds(2, program("add", "syscall", atomic))).isEmpty();
    }

    @Test
    void shouldFindAnInterruptOnAnIncrementThatDoesNotMaskIt() throws Exception {
        String interrupt = program("packet", "tc", INCREMENT);

        assertThat(kinds(1, program("count", "syscall", INCREMENT), interrupt)).contains("lost_update", "race");
        assertThat(kinds(1, program("count", "syscall", lockedAndMasked(INCREMENT)), interrupt))
                .isEmpty();
    }

    @Test
    void shouldFindAnNmiOnAnIncrementThatMasksInterrupts() throws Exception {
        assertThat(kinds(
                        1,
                        program("count", "syscall", lockedAndMasked(INCREMENT)),
                        program("sample", "perf_event", INCREMENT)))
                .contains("lost_update");
    }

    @Test
    void shouldFindDataThatAreReadAfterTheirFlag() throws Exception {
        String data = "r6 = &x\n*(u64 *)(r6 +0) = 7\n";
        String flag = "r6 = &flag\n*(u64 *)(r6 +0) = 1\n";
        String readFlag = "r6 = &flag\nr7 = *(u64 *)(r6 +0)\n";
        String readData = "r6 = &x\nr8 = *(u64 *)(r6 +0)\n";
        String writer = program("write", "syscall", locked(data + flag));

        assertThat(kinds(2, writer, program("read", "syscall", readFlag + readData)))
                .contains("race");
        // Seen in the other order, or by an atomic operation or under the lock, it is no signal.
        assertThat(kinds(2, writer, program("read", "syscall", readData + readFlag)))
                .containsOnly("note");
        assertThat(kinds(2, writer, program("read", "syscall", readFlag + locked(readData))))
                .containsOnly("note");
        // A number that is stored before and after is what readers check the data by.
        assertThat(kinds(
                        2,
                        program("write", "syscall", locked(flag + data + flag)),
                        program("read", "syscall", readFlag + readData)))
                .containsOnly("note");
    }

    @Test
    void shouldFindStoresOfDifferentSizes() throws Exception {
        String whole = "r6 = &x\n*(u64 *)(r6 +0) = 7\n";
        String half = "r6 = &x\nr7 = *(u32 *)(r6 +0)\n";

        assertThat(kinds(2, program("write", "syscall", locked(whole)), program("read", "syscall", half)))
                .contains("race");
        assertThat(kinds(2, program("write", "syscall", locked(whole)), program("read", "syscall", locked(half))))
                .isEmpty();
    }

    @Test
    void shouldOnlyNoteALoadOfAWordThatIsStoredAsAWhole() throws Exception {
        String load = "r6 = &x\nr7 = *(u64 *)(r6 +0)\n";

        assertThat(kinds(2, program("count", "syscall", locked(INCREMENT)), program("read", "syscall", load)))
                .containsExactly("note");
    }

    @Test
    void shouldTakeReleaseAndAcquireAsOrder() throws Exception {
        String claim = """
                r6 = &flag
                r7 = 5
                r0 = 0
                r0 = atomic64_cmpxchg((u64 *)(r6 +0), r0, r7)
                if r0 != 0 goto out
                r7 = &x
                *(u64 *)(r7 +0) = 7
                r7 = 6
                """;
        String released = claim + "store_release((u64 *)(r6 +0), r7)\n";
        String stored = claim + "*(u64 *)(r6 +0) = r7\n";
        String whenSix = """
                if r7 != 6 goto out
                r6 = &flag
                r7 = 7
                r0 = 6
                r0 = atomic64_cmpxchg((u64 *)(r6 +0), r0, r7)
                if r0 != 6 goto out
                r6 = &x
                *(u64 *)(r6 +0) = 9
                """;

        assertThat(kinds(
                        2,
                        program("write", "syscall", released),
                        program("next", "syscall", "r6 = &flag\nr7 = load_acquire((u64 *)(r6 +0))\n" + whenSix)))
                .isEmpty();
        assertThat(kinds(
                        2,
                        program("write", "syscall", stored),
                        program("next", "syscall", "r6 = &flag\nr7 = *(u64 *)(r6 +0)\n" + whenSix)))
                .contains("race");
    }

    private static String lookup(String map) {
        return "r1 = 0\n*(u32 *)(r10 -4) = r1\nr2 = r10\nr2 += -4\nr1 = map[" + map + "]\ncall bpf_map_lookup_elem\n";
    }

    /** Puts r7. */
    private static String update(String map, long flags) {
        return "*(u64 *)(r10 -16) = r7\nr1 = 0\n*(u32 *)(r10 -4) = r1\nr2 = r10\nr2 += -4\nr3 = r10\nr3 += -16\n"
                + "r4 = " + flags + "\nr1 = map[" + map + "]\ncall bpf_map_update_elem\n";
    }

    @Test
    void shouldFindAnElementThatReplacesOneWhichWasNotThere() throws Exception {
        String unlessThere = lookup("table") + "if r0 != 0 goto out\nr7 = 1\n";

        assertThat(kinds(2, program("insert", "syscall", unlessThere + update("table", MapFlags.BPF_ANY))))
                .containsExactly("lost_update");
        assertThat(kinds(2, program("insert", "syscall", unlessThere + update("table", MapFlags.BPF_NOEXIST))))
                .isEmpty();
    }

    @Test
    void shouldFindAnElementThatIsMadeFromOneWhichWasReplaced() throws Exception {
        String start = program(
                "start",
                "syscall",
                "r7 = 5\n" + update("table", MapFlags.BPF_NOEXIST) + "r6 = &x\nr7 = *(u64 *)(r6 +0)\n");
        String found = lookup("table") + "if r0 == 0 goto out\n";
        String next = "r7 = *(u64 *)(r0 +0)\nr7 += 1\n" + update("table", MapFlags.BPF_EXIST);
        String touch = "r6 = &x\n*(u64 *)(r6 +0) = 1\n";

        assertThat(kinds(2, start, program("next", "tc", touch + found + next))).contains("lost_update");
        // A value that does not come from the element is none that is stale.
        assertThat(kinds(
                        2,
                        start,
                        program("next", "tc", touch + found + "r7 = 9\n" + update("table", MapFlags.BPF_EXIST))))
                .doesNotContain("lost_update");
    }

    @Test
    void shouldFindACopyOfAnElementThatIsPutBack() throws Exception {
        String found = lookup("slots") + "if r0 == 0 goto out\n";
        String copy = found + "r7 = *(u64 *)(r0 +0)\nr7 += 1\n" + update("slots", MapFlags.BPF_ANY);
        String add = program("add", "syscall", found + "r7 = 1\nlock *(u64 *)(r0 +0) += r7\n");
        String blind = program("put", "syscall", "r7 = 1\n" + update("slots", MapFlags.BPF_ANY));

        assertThat(kinds(2, program("copy", "syscall", copy))).contains("lost_update");
        assertThat(kinds(2, program("copy", "syscall", copy), add)).contains("lost_update");
        assertThat(kinds(2, blind, add)).doesNotContain("lost_update");
    }
}
