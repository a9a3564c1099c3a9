package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Contexts that nest, and the guards against recursion. */
@Timeout(600)
class ContextsTest {
    private static final int LOCKED_AND_PENDING = 0x101;

    /** Programs of all kinds; each updates a map, and so passes the map's internal hooks. */
    private static final String SOURCE = """
            .license "GPL"
            .map table array
                key 4
                value 8
                max_entries 1
            """
            + program("packet", "tc")
            + program("task", "syscall")
            + program("nmi", "perf_event")
            + program("probe", "kprobe/array_map_update_elem")
            + program("first", "fentry/array_map_update_elem")
            + program("second", "fentry/array_map_update_elem")
            + program("timer", "tp_btf/hrtimer_expire_entry")
            + program("softirq", "tp/irq/softirq_entry");

    private static String program(String name, String section) {
        return """
                .program %s "%s"
                    *(u32 *)(r10 -4) = 0
                    *(u64 *)(r10 -16) = 7
                    r1 = map[table]
                    r2 = r10
                    r2 += -4
                    r3 = r10
                    r3 += -16
                    r4 = 0
                    call bpf_map_update_elem
                    exit
                """.formatted(name, section);
    }

    /** The running program, the level of an interrupt that lands in it, the program of that, and whether the guards let it run. */
    @ParameterizedTest
    @CsvSource({
        "task, NMI, nmi, true",
        "packet, NMI, nmi, true",
        "first, NMI, nmi, true",
        "probe, NMI, nmi, false",
        "softirq, NMI, nmi, false",
        "timer, NMI, nmi, true",
        "task, HARDIRQ, timer, true",
        "probe, HARDIRQ, timer, true",
        "task, SOFTIRQ, softirq, true",
        "first, SOFTIRQ, softirq, true",
        "probe, SOFTIRQ, softirq, false"
    })
    void shouldGuardAgainstRecursionAsLinuxDoes(String below, ContextLevel level, String above, boolean lets)
            throws Exception {
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1), SOURCE)) {
            Machine machine = programs.machine;
            Cpu cpu = machine.cpus().get(0);
            LoadedProgram upper = programs.attach(above);
            cpu.setInterruptHandler((at, landed) -> fire(machine, at));
            machine.context(0).pollPoint(run -> {
                boolean first = upper.stats().runs(level) + upper.stats().misses(level) == 0;
                if (first && run.code().program().name().equals(below)) {
                    cpu.raise(level);
                }
            });
            runBelow(programs, cpu, below);
            assertThat(upper.stats().runs(level)).isEqualTo(lets ? 1 : 0);
            assertThat(upper.stats().misses(level)).isEqualTo(lets ? 0 : 1);
            assertThat(cpu.delivered(level)).isEqualTo(1);
            assertThat(cpu.guardDepth()).isZero();
            assertThat(cpu.level()).isEqualTo(ContextLevel.TASK);
        }
    }

    private static void fire(Machine machine, Cpu cpu) {
        if (cpu.inNmi()) {
            EntryEvents.perfEvent(machine, cpu);
        } else {
            EntryEvents.named(machine, cpu);
        }
    }

    private static void runBelow(TextPrograms programs, Cpu cpu, String below) {
        switch (below) {
            case "first", "probe" -> {
                programs.attach(below);
                programs.machine.run(programs.program("task"), null, 0, 1);
            }
            case "softirq", "timer" -> {
                programs.attach(below);
                ContextLevel previous = cpu.enter(below.equals("timer") ? ContextLevel.HARDIRQ : ContextLevel.SOFTIRQ);
                EntryEvents.named(programs.machine, cpu);
                cpu.leave(previous);
            }
            default -> programs.machine.run(programs.program(below), null, 0, 1);
        }
    }

    @Test
    void shouldGuardTracingProgramsEachOnItsOwn() throws Exception {
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1), SOURCE)) {
            LoadedProgram first = programs.attach("first");
            LoadedProgram second = programs.attach("second");
            programs.machine.run(programs.program("task"), null, 0, 1);
            // first, in it second; then second, in it first
            assertThat(first.stats().runs(ContextLevel.TASK)).isEqualTo(2);
            assertThat(second.stats().runs(ContextLevel.TASK)).isEqualTo(2);
            assertThat(first.stats().misses(ContextLevel.TASK)).isEqualTo(3);
            assertThat(second.stats().misses(ContextLevel.TASK)).isEqualTo(3);
        }
    }

    @Test
    void shouldLetPacketProgramsNestUpToAFixedDepth() throws Exception {
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1), SOURCE)) {
            Machine machine = programs.machine;
            LoadedProgram packet = programs.attach("packet");
            byte[] bytes = RunContexts.udpPacket(0);
            machine.cpus()
                    .hooks()
                    .set(
                            HookPoint.MAP_UPDATE_BEFORE_LOCK,
                            (at, point, map, key) -> EntryEvents.packet(machine, at, bytes));
            machine.run(packet, bytes, 0, 1);
            assertThat(packet.stats().runs(ContextLevel.SOFTIRQ)).isEqualTo(CpuContext.MAX_DEPTH);
            assertThat(packet.stats().misses(ContextLevel.SOFTIRQ)).isEqualTo(1);
        }
    }

    @Test
    void shouldDeliverMaskedInterruptsByLevelWhenTheyAreUnmasked() {
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            Cpu cpu = machine.cpus().get(0);
            List<String> order = new ArrayList<>();
            cpu.setInterruptHandler((at, level) -> order.add(level + (at.irqsEnabled() ? " open" : " masked")));
            long flags = cpu.irqSave();
            cpu.preemptDisable();
            cpu.raise(ContextLevel.SOFTIRQ);
            cpu.raise(ContextLevel.HARDIRQ);
            cpu.poll();
            assertThat(order).isEmpty();
            cpu.raise(ContextLevel.NMI);
            cpu.poll();
            assertThat(order).containsExactly("NMI masked");
            cpu.irqRestore(flags);
            cpu.preemptEnable();
            assertThat(order).containsExactly("NMI masked", "HARDIRQ masked", "SOFTIRQ open");
        }
    }

    /** Five waiters on one CPU, four of which have a queue node: in tasks, softirq, hardirq; the NMI may not queue on top of them. */
    @Test
    void shouldNotQueueAnNmiOnTopOfWaitersNorAFifthWaiterOnTopOfFour() {
        for (ContextLevel last : new ContextLevel[] {ContextLevel.NMI, ContextLevel.HARDIRQ}) {
            try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
                int waiters = last == ContextLevel.NMI ? 4 : 5;
                List<Integer> results = contend(machine, waiters, last);
                // The innermost failed at once, and the locks came free then.
                assertThat(results.getFirst()).isEqualTo(-Errno.EDEADLK);
                assertThat(results.subList(1, waiters)).containsOnly(0);
                LockClass innermost = machine.lockStats().classes().getLast();
                assertThat(innermost.count(LockOutcome.NO_NODE)).isEqualTo(1);
                assertThat(machine.cpus().get(0).nodeCount()).isZero();
            }
        }
    }

    private static List<Integer> contend(Machine machine, int waiters, ContextLevel last) {
        Cpu cpu = machine.cpus().get(0);
        long locks = machine.kernel().arena().allocate(64);
        List<Integer> results = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            GuestMemory.putInt(locks + 4L * i, LOCKED_AND_PENDING);
        }
        machine.cpus().hooks().set(HookPoint.CONTENTION_BEGIN, (at, point, lock, flags) -> {
            int next = (int) (lock - locks) / 4 + 1;
            if (next < waiters) {
                boolean innermost = next == waiters - 1;
                int level = Math.min(next, ContextLevel.HARDIRQ.ordinal());
                ContextLevel previous = at.enter(innermost ? last : ContextLevel.values()[level]);
                take(machine, locks, next, results);
                at.leave(previous);
            }
        });
        take(machine, locks, 0, results);
        assertThat(cpu.heldLocks().count()).isEqualTo(waiters - 1);
        return results;
    }

    private static void take(Machine machine, long locks, int index, List<Integer> results) {
        Cpu cpu = machine.cpus().get(0);
        long lock = locks + 4L * index;
        int result =
                machine.kernel().locks().lock(cpu, lock, machine.lockStats().ofAddress(lock));
        if (result != 0) {
            // Whoever held the locks lets go.
            for (long each = locks; each <= lock; each += 4) {
                GuestMemory.setShortRelease(each, (short) 0);
            }
        }
        results.add(result);
    }
}
