package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.broken.Search;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Small programs that bring out what a lock does not keep of its promises. */
enum LockPrograms {
    /** A CPU takes a lock that a softirq on it wants too. */
    INTERRUPTED(
            1,
            0,
            1,
            0,
            List.of("one"),
            object(takes("task", "syscall", "one"), takes("packet", "tc", "one")),
            List.of()),
    /** Two CPUs take two locks in opposite orders. */
    OPPOSITE(
            2,
            1,
            0,
            0,
            List.of("one", "two"),
            object(takes("first", "syscall", "one", "two"), takes("second", "syscall", "two", "one")),
            List.of()),
    /** Three CPUs want one lock. */
    THREE(3, 3, 0, 0, List.of("one"), object(takes("task", "syscall", "one")), List.of()),
    /** The same, each twice. */
    TWICE(3, 1, 0, 0, List.of("one"), object(twice("task", "one")), List.of()),
    /** Three CPUs want one lock, and so do softirqs on them. */
    INTERRUPTED_WAITERS(
            3,
            1,
            1,
            0,
            List.of("one"),
            object(takes("task", "syscall", "one"), takes("packet", "tc", "one")),
            List.of("task:0,1,2", "packet:2")),
    /** Four CPUs want one lock, whose holder stands still. */
    STALLED(4, 0, 0, 1, List.of("one"), object(takes("task", "syscall", "one")), List.of()),
    /** Two CPUs take two locks in opposite orders, while two others want one of the two. */
    OPPOSITE_AND_OTHERS(
            4,
            1,
            0,
            0,
            List.of("one", "two"),
            object(
                    takes("first", "syscall", "one", "two"),
                    takes("second", "syscall", "two", "one"),
                    takes("other", "syscall", "two")),
            List.of("second:0", "other:1,3", "first:2")),
    /** Two buckets of maps, each with a waiter, whose holders stand still, and an NMI that wants the second. */
    NMI_ON_WAITER(
            5,
            0,
            1,
            2,
            List.of(),
            maps()
                    + updates("first", "syscall", "a")
                    + updates("second", "syscall", "b")
                    + updates("nmi", "perf_event", "b"),
            List.of("second:0,1", "first:2,3,4", "nmi:4")),
    /** Five locks, each with a holder and a waiter; a CPU wants all, each in the wait for the one before. */
    FIVE_DEEP(
            7,
            0,
            0,
            1,
            List.of("l0", "l1", "l2", "l3", "l4"),
            object(
                    takes("holder", "syscall", "l0", "l1", "l2", "l3", "l4"),
                    takes("wait0", "syscall", "l0"),
                    takes("wait1", "syscall", "l1"),
                    takes("wait2", "syscall", "l2"),
                    takes("wait3", "syscall", "l3"),
                    takes("wait4", "syscall", "l4"),
                    takes("c1", "tp_btf/contention_begin", "l1"),
                    takes("c2", "tp_btf/contention_begin", "l2"),
                    takes("c3", "tp_btf/contention_begin", "l3"),
                    takes("c4", "tp_btf/contention_begin", "l4")),
            List.of("holder:0", "wait1:1", "wait2:2", "wait3:3", "wait4:4", "wait0:5,6", "c1:", "c2:", "c3:", "c4:"));

    private final int cpus;
    private final int preemptions;
    private final int interrupts;
    private final int stalls;
    private final String text;
    private final List<String> roles;

    /** @param roles programs with the CPUs that begin with them, or none for hooks; empty for each program on each CPU */
    LockPrograms(
            int cpus,
            int preemptions,
            int interrupts,
            int stalls,
            List<String> locks,
            String programs,
            List<String> roles) {
        this.cpus = cpus;
        this.preemptions = preemptions;
        this.interrupts = interrupts;
        this.stalls = stalls;
        this.roles = roles;
        this.text = head(locks) + programs;
    }

    private static String head(List<String> locks) {
        StringBuilder text = new StringBuilder("""
                .license "GPL"
                .kfunc bpf_res_spin_lock
                .kfunc bpf_res_spin_unlock
                .section .bss
                    var x : u64
                """);
        for (String lock : locks) {
            text.append(".section .data.")
                    .append(lock)
                    .append("\n    flags 0\n    var ")
                    .append(lock);
            text.append(" : bpf_res_spin_lock\n");
        }
        return text.toString();
    }

    private static String object(String... programs) {
        return String.join("", programs);
    }

    private static String program(String name, String section, String body) {
        return ".program " + name + " \"" + section + "\"\n" + body + "out:\nr0 = 0\nexit\n";
    }

    /** Takes some locks, each while it holds those before, adds to a number, and lets go of all. */
    private static String takes(String name, String section, String... locks) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < locks.length; i++) {
            body.append("r1 = &%s\ncall bpf_res_spin_lock\nif r0 != 0 goto %s\n"
                    .formatted(locks[i], i == 0 ? "out" : "release" + (i - 1)));
        }
        body.append("r1 = &x\nr2 = *(u64 *)(r1 +0)\nr2 += 1\n*(u64 *)(r1 +0) = r2\n");
        for (int i = locks.length - 1; i >= 0; i--) {
            body.append("release%d:\nr1 = &%s\ncall bpf_res_spin_unlock\n".formatted(i, locks[i]));
        }
        return program(name, section, body.toString());
    }

    private static String twice(String name, String lock) {
        String once = "r1 = &%1$s\ncall bpf_res_spin_lock\nif r0 != 0 goto out\nr1 = &%1$s\ncall bpf_res_spin_unlock\n"
                .formatted(lock);
        return program(name, "syscall", once + once);
    }

    private static String maps() {
        return """
                .map a hash
                    key 4
                    value 8
                    max_entries 1
                .map b hash
                    key 4
                    value 8
                    max_entries 1
                """;
    }

    private static String updates(String name, String section, String map) {
        return program(name, section, """
                *(u32 *)(r10 -4) = 0
                *(u64 *)(r10 -16) = 1
                r1 = map[%s]
                r2 = r10
                r2 += -4
                r3 = r10
                r3 += -16
                r4 = 0
                call bpf_map_update_elem
                """.formatted(map));
    }

    private ProgramWorkload workload() {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                        "small", new ProgramWorkload.NamedFile("small.bpfasm", ByteString.of(bytes)), List.of())))
                .withCpus(cpus);
        List<ProgramWorkload.Attachment> attachments = new ArrayList<>();
        for (String role : roles) {
            String[] parts = role.split(":", -1);
            CpuSet where = parts[1].isEmpty()
                    ? CpuSet.ALL
                    : CpuSet.of(List.of(parts[1].split(",")).stream()
                            .map(Integer::valueOf)
                            .toList());
            attachments.add(
                    new ProgramWorkload.Attachment("small", parts[0], "", null, Pacing.Unpaced.INSTANCE, where));
        }
        return workload.withAttachments(attachments);
    }

    /**
     * Explores some programs until something is found whose title begins as is wanted, or the time is over. Returns the
     * titles of what is found up to then. Loaded with locks that were broken, too.
     */
    static final class Explore implements Search {
        @Override
        public List<String> titles(String programs, String wanted, Duration duration) {
            LockPrograms from = valueOf(programs);
            ExploreOptions options = new ExploreOptions(from.preemptions, from.interrupts, from.stalls, duration);
            try (ScheduleSearch search = ScheduleSearch.prepare(from.workload(), options)) {
                search.until(finding -> finding.title().startsWith(wanted));
                return search.run().witnesses().stream()
                        .map(witness -> witness.finding().title())
                        .sorted()
                        .toList();
            } catch (WorkloadException e) {
                throw new IllegalArgumentException(e);
            }
        }
    }
}
