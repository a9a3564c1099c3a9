package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MachineTest {
    /** A program without maps, given by its instructions. */
    static ProgramObject object(ProgType type, AttachType attachType, String section, Insn... insns) {
        String target = section.contains("/") ? section.substring(section.indexOf('/') + 1) : null;
        Program program = new Program(
                "handmade",
                section,
                type,
                attachType,
                target,
                false,
                true,
                List.of(insns),
                List.of(new Subprog("handmade", 0, insns.length, true, 0)),
                List.of());
        return ProgramObject.of("handmade.o", "GPL", List.of(program), List.of());
    }

    static Insn insn(Op op, int dst, int src, int off, long imm) {
        return new Insn(op, dst, src, off, imm);
    }

    @Test
    void shouldFollowAChainOfTailCallsThroughTheArrayThatTheObjectFills() throws Exception {
        try (Samples samples = Samples.load("tail_calls", 1)) {
            RunResult result = samples.machine.run(samples.program("entry"), null, 0, 1);
            assertThat(result.r0()).isEqualTo(123);
            assertThat(samples.variable("trail")).isEqualTo(123);
        }
    }

    @Test
    void shouldCallSubprograms() throws Exception {
        try (Samples samples = Samples.load("bpf2bpf", 1)) {
            RunResult result = samples.machine.run(samples.program("add"), new byte[64], 0, 10);
            assertThat(result.fault()).isNull();
            assertThat(result.runs()).isEqualTo(10);
            assertThat(samples.variable("sum")).isEqualTo(10 * 65);
        }
    }

    @Test
    void shouldShowPacketsToXdpPrograms() throws Exception {
        try (Samples samples = Samples.load("packet_counter", 2)) {
            assertThat(samples.machine
                            .run(samples.program("count"), RunContexts.udpPacket(1), 1, 7)
                            .r0())
                    .isEqualTo(2);
            samples.machine.run(samples.program("count"), new byte[14], 1, 3);
            long key = samples.machine.kernel().arena().allocate(16);
            GuestMemory.putInt(key, 17);
            long onCpu1 =
                    samples.map("packets").lookupPercpu(samples.machine.cpus().get(0), key, 1);
            assertThat(GuestMemory.getLong(onCpu1)).isEqualTo(7);
        }
    }

    @Test
    void shouldCountLocksUnderTheNameOfElementAndMember() throws Exception {
        try (Samples samples = Samples.load("lock_in_map_value", 1)) {
            samples.machine.run(samples.program("charge"), new byte[100], 0, 1000);
            List<LockClass> locks = samples.machine.lockStats().classes();
            assertThat(locks)
                    .extracting(LockClass::name)
                    .containsExactlyInAnyOrder(
                            "accounts[0].lock", "accounts[1].lock", "accounts[2].lock", "accounts[3].lock");
            assertThat(locks.stream()
                            .mapToLong(lock -> lock.count(LockOutcome.FAST))
                            .sum())
                    .isEqualTo(1000);
        }
    }

    @Test
    void shouldTrapByNameWhereARunComesToWhatIsNotThere() throws Exception {
        ProgramObject unknown = object(
                ProgType.SCHED_CLS,
                AttachType.TCX_INGRESS,
                "tc",
                insn(Op.LDX_W, 2, 1, 0, 0),
                insn(Op.MOV64_IMM, 0, 0, 0, 7),
                insn(Op.JGT64_IMM, 2, 0, 1, 64),
                insn(Op.CALL_HELPER, 0, 0, 0, 166),
                insn(Op.EXIT, 0, 0, 0, 0));
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            LoadedProgram program =
                    machine.loadUnverified(unknown, unknown.programs().getFirst());
            assertThat(program.missing()).containsExactly("helper bpf_sys_bpf#166 is not supported");
            assertThat(machine.run(program, new byte[65], 0, 1).r0()).isEqualTo(7);
            Fault fault = Objects.requireNonNull(
                    machine.run(program, new byte[64], 0, 1).fault());
            assertThat(fault.reason()).isEqualTo("helper bpf_sys_bpf#166 is not supported");
            assertThat(fault.insn()).isEqualTo(3);
        }
    }

    @Test
    void shouldRunTheOtherProgramsOfAnObjectWithAMapOfAnUnknownKind() throws Exception {
        String text = """
            .license "GPL"
            .map unknown struct_ops
                key 4
                value 4
                max_entries 1
            .map known array
                key 4
                value 8
                max_entries 1
            .program uses_it "tc"
                r1 = map[unknown]
                r0 = 1
                exit
            .program does_not "tc"
                r1 = map[known]
                r0 = 2
                exit
            """;
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1), text)) {
            String reason = "map 'unknown': maps of type struct_ops are not supported";
            assertThat(programs.program("uses_it").missing()).containsExactly(reason);
            assertThat(programs.program("does_not").missing()).isEmpty();
            assertThat(programs.machine
                            .run(programs.program("does_not"), null, 0, 1)
                            .r0())
                    .isEqualTo(2);
            Fault fault = Objects.requireNonNull(programs.machine
                    .run(programs.program("uses_it"), null, 0, 1)
                    .fault());
            assertThat(fault.reason()).isEqualTo(reason);
        }
    }

    @Test
    void shouldSayInItsOwnWordsWhichMemoryIsNotThere() throws Exception {
        ProgramObject object = object(
                ProgType.SYSCALL,
                AttachType.CGROUP_INET_INGRESS,
                "syscall",
                insn(Op.MOV64_IMM, 3, 0, 0, 0x40),
                insn(Op.LDX_H, 0, 3, 4, 0),
                insn(Op.EXIT, 0, 0, 0, 0));
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            LoadedProgram program =
                    machine.loadUnverified(object, object.programs().getFirst());
            Fault fault =
                    Objects.requireNonNull(machine.run(program, null, 0, 1).fault());
            assertThat(fault.reason()).isEqualTo("invalid address 0x44 (2 bytes)");
        }
    }

    @Test
    void shouldStopOnlyTheFaultyProgramAndLetGoOfItsLocks() throws Exception {
        try (Samples samples = Samples.load("balanced", 1)) {
            Program reset = samples.program("reset").program();
            List<Insn> broken = new ArrayList<>(reset.insns());
            int afterLock = 0;
            while (broken.get(afterLock).op() != Op.CALL_KFUNC) {
                afterLock++;
            }
            broken.set(afterLock + 1, insn(Op.ST_DW, 0, 0, 0, 7));
            Program wild = new Program(
                    "wild",
                    "syscall",
                    ProgType.SYSCALL,
                    reset.attachType(),
                    null,
                    false,
                    true,
                    broken,
                    reset.subprogs(),
                    reset.lines());
            LoadedProgram loaded = samples.machine.loadUnverified(samples.object, wild);
            RunResult result = samples.machine.run(loaded, null, 0, 5);
            assertThat(result.runs()).isEqualTo(1);
            assertThat(result.fault()).isNotNull();
            assertThat(samples.machine.cpus().get(0).heldLocks().count()).isZero();
            assertThat(samples.machine.cpus().get(0).preemptCount()).isZero();
            assertThat(samples.machine.run(samples.program("reset"), null, 0, 1).r0())
                    .isZero();
        }
    }
}
