package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs that run in the middle of other programs. */
@Timeout(600)
class NestingTest {
    private static final int LOCKED_AND_PENDING = 0x101;

    private static MachineOptions slow(int cpus) {
        return MachineOptions.ofCpus(cpus).withClock(Patience.SLOW_CLOCK);
    }

    private static LoadedProgram nothing(Machine machine, ProgType type, AttachType attachType, String section)
            throws Exception {
        ProgramObject object = MachineTest.object(
                type,
                attachType,
                section,
                MachineTest.insn(Op.MOV64_IMM, 0, 0, 0, 0),
                MachineTest.insn(Op.EXIT, 0, 0, 0, 0));
        return machine.loadUnverified(object, object.programs().getFirst());
    }

    @Test
    void shouldFailTheUpdateOfAnNmiThatLandsUnderTheBucketsLock() throws Exception {
        try (Samples samples = Samples.load("nmi_bucket", 1)) {
            Machine machine = samples.machine;
            Cpu cpu = machine.cpus().get(0);
            machine.attach(samples.program("on_nmi"));
            cpu.setInterruptHandler((at, level) -> EntryEvents.perfEvent(machine, at));
            machine.cpus().hooks().set(HookPoint.MAP_UPDATE_UNDER_LOCK, (at, point, map, key) -> {
                at.raise(ContextLevel.NMI);
                at.poll();
            });
            machine.run(samples.program("update"), null, 0, 200);
            long nmis = samples.variable("nmi_updates") + samples.variable("nmi_deadlocks");
            assertThat(nmis).isEqualTo(cpu.delivered(ContextLevel.NMI)).isGreaterThanOrEqualTo(200);
            assertThat(samples.variable("nmi_deadlocks")).isGreaterThan(10);
            assertThat(samples.variable("nmi_other_errors")).isZero();
            long aa = machine.lockStats().classes().stream()
                    .mapToLong(lock -> lock.count(ContextLevel.NMI, LockOutcome.AA))
                    .sum();
            assertThat(aa).isEqualTo(samples.variable("nmi_deadlocks"));
            assertThat(cpu.heldLocks().count()).isZero();
        }
    }

    @Test
    void shouldReportAaToATracingProgramThatWantsTheLockHeldBelow() throws Exception {
        try (Samples samples = Samples.load("aa_by_nesting", slow(1))) {
            Machine machine = samples.machine;
            machine.attach(samples.program("on_contention"));
            long inner = samples.address("inner");
            GuestMemory.putInt(inner, LOCKED_AND_PENDING);
            CompletableFuture<Void> release = CompletableFuture.runAsync(() -> {
                try {
                    while (samples.variable("deadlocks") == 0) {
                        Thread.onSpinWait();
                    }
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                GuestMemory.setShortRelease(inner, (short) 0);
            });
            RunResult result = machine.run(samples.program("worker"), null, 0, 1);
            release.join();
            assertThat(result.r0()).isZero();
            assertThat(samples.variable("deadlocks")).isEqualTo(1);
            String report = samples.program("on_contention").code().err().read();
            assertThat(report)
                    .startsWith("ERROR: AA or ABBA deadlock detected for bpf_res_spin_lock\n"
                            + "Attempted lock   = 0x%016x\n".formatted(samples.address("outer"))
                            + "Total held locks = 2\n"
                            + "Held lock[ 0] = 0x%016x\n".formatted(samples.address("outer"))
                            + "Held lock[ 1] = 0x%016x\n".formatted(inner)
                            + "CPU: 0 UID: 0 PID: 1000 Comm: spinbpf/0\nCall trace:\non_contention+0x")
                    .contains("if (bpf_res_spin_lock(&outer)) { @ aa_by_nesting.bpf.c:36\nworker+0x30\n")
                    .endsWith("\nHolder: CPU 0 in task took outer at worker+0x10"
                            + " (if (bpf_res_spin_lock(&outer)) @ aa_by_nesting.bpf.c:16)\n\n");
        }
    }

    @Test
    void shouldEndAnAbbaOfTwoCpusWithEdeadlkForOneOfThem() throws Exception {
        try (Samples samples = Samples.load("abba", slow(2))) {
            Machine machine = samples.machine;
            LockAlgorithm locks = machine.kernel().locks();
            Cpu cpu = machine.cpus().get(1);
            long a = samples.address("a");
            long b = samples.address("b");
            assertThat(locks.lock(cpu, a, machine.lockStats().ofAddress(a))).isZero();
            CompletableFuture<RunResult> other =
                    CompletableFuture.supplyAsync(() -> machine.run(samples.program("b_then_a"), null, 0, 1));
            while (GuestMemory.getIntAcquire(b) == 0) {
                Thread.onSpinWait();
            }
            int result = locks.lock(cpu, b, machine.lockStats().ofAddress(b));
            if (result == 0) {
                locks.unlock(cpu, b);
            }
            locks.unlock(cpu, a);
            assertThat(other.join().fault()).isNull();
            long gaveWay = samples.variable("gave_way");
            assertThat(result == -Errno.EDEADLK || gaveWay == 1)
                    .as("result %d, gave way %d", result, gaveWay)
                    .isTrue();
            assertThat(machine.lockStats().classes().stream()
                            .mapToLong(lock -> lock.count(LockOutcome.ABBA))
                            .sum())
                    .isPositive();
            assertThat(GuestMemory.getInt(a)).isZero();
            assertThat(GuestMemory.getInt(b)).isZero();
        }
    }

    @Test
    void shouldKeepKprobesOutOfOperationsOfUserSpaceButNotFentryPrograms() throws Exception {
        try (Samples samples = Samples.load("nmi_bucket", 1)) {
            Machine machine = samples.machine;
            LoadedProgram kprobe =
                    nothing(machine, ProgType.KPROBE, AttachType.CGROUP_INET_INGRESS, "kprobe/htab_map_update_elem");
            LoadedProgram fentry =
                    nothing(machine, ProgType.TRACING, AttachType.TRACE_FENTRY, "fentry/htab_map_update_elem");
            machine.attach(kprobe);
            machine.attach(fentry);
            BpfMap map = samples.map("counts");
            long memory = machine.kernel().arena().allocate(32);
            Cpu cpu = machine.cpus().get(0);
            map.sysUpdate(cpu, memory, memory + 8, 0);
            assertThat(kprobe.stats().misses(ContextLevel.TASK)).isEqualTo(1);
            assertThat(kprobe.stats().runs(ContextLevel.TASK)).isZero();
            assertThat(fentry.stats().runs(ContextLevel.TASK)).isEqualTo(1);
            map.update(cpu, memory, memory + 8, 0);
            assertThat(kprobe.stats().runs(ContextLevel.TASK)).isEqualTo(1);
            assertThat(fentry.stats().runs(ContextLevel.TASK)).isEqualTo(2);
        }
    }

    @Test
    void shouldMissATracingProgramThatWouldRunIntoItself() throws Exception {
        try (Samples samples = Samples.load("nmi_bucket", 1)) {
            Machine machine = samples.machine;
            ProgramObject template = samples.object;
            var update = samples.program("update").program();
            var recursive = new Program(
                    "recursive",
                    "fentry/htab_map_update_elem",
                    ProgType.TRACING,
                    AttachType.TRACE_FENTRY,
                    "htab_map_update_elem",
                    false,
                    true,
                    update.insns(),
                    update.subprogs(),
                    update.lines());
            LoadedProgram tracing = machine.loadUnverified(template, recursive);
            machine.attach(tracing);
            machine.run(samples.program("update"), null, 0, 1);
            assertThat(tracing.stats().runs(ContextLevel.SOFTIRQ)).isEqualTo(1);
            assertThat(tracing.stats().misses(ContextLevel.SOFTIRQ)).isEqualTo(1);
        }
    }

    @Test
    void shouldLandMaskedInterruptsWhenTheyAreUnmasked() throws Exception {
        try (Samples samples = Samples.load("irqsave", 1)) {
            Machine machine = samples.machine;
            Cpu cpu = machine.cpus().get(0);
            machine.attach(samples.program("packet"));
            byte[] packet = RunContexts.udpPacket(0);
            cpu.setInterruptHandler((at, level) -> EntryEvents.packet(machine, at, packet));
            machine.context(0).pollPoint(run -> {
                if (cpu.level() == ContextLevel.TASK) {
                    cpu.raise(ContextLevel.SOFTIRQ);
                }
            });
            machine.run(samples.program("task"), null, 0, 10);
            long packets = cpu.delivered(ContextLevel.SOFTIRQ);
            assertThat(packets).isPositive();
            assertThat(samples.variable("updates")).isEqualTo(10 + packets);
        }
    }
}
