package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that are nested into places which their sections do not name. */
class NestedPlacesTest {
    private static final String TEXT =
            """
                .license "GPL"
                .section .bss size 16
                    var order : u64 at 0
                    var seen : u64 at 8
                .map m hash
                    key 4
                    value 8
                    max_entries 8
                .program update "syscall"
                    r1 = &order
                    r2 = *(u64 *)(r1 + 0)
                    r2 *= 10
                    r2 += 1
                    *(u64 *)(r1 + 0) = r2
                    r1 = 1
                    *(u32 *)(r10 - 4) = r1
                    *(u64 *)(r10 - 16) = r1
                    r1 = map[m]
                    r2 = r10
                    r2 += -4
                    r3 = r10
                    r3 += -16
                    r4 = 0
                    call bpf_map_update_elem
                    exit
                """ + marking("nmi", "perf_event", 2) + marking("packet", "tc", 3) + marking("probe", "kprobe", 4);

    private static String marking(String name, String section, int digit) {
        return """
            .program %s "%s"
                r1 = &order
                r2 = *(u64 *)(r1 + 0)
                r2 *= 10
                r2 += %d
                *(u64 *)(r1 + 0) = r2
                r0 = 0
                exit
            """.formatted(name, section, digit);
    }

    private static long orderOf(String nested, String place, ContextLevel expected) throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), TEXT)) {
            LoadedProgram program = on.program(nested);
            HookTarget target = HookTable.of(program.program(), place);
            assertThat(target.isInside()).isTrue();
            assertThat(target.levels()).isEmpty();
            on.machine.hooks().attach(program, target, CpuSet.ALL);
            on.machine.run(on.program("update"), null, 0, 1);
            assertThat(program.stats().runs(expected))
                    .isEqualTo(Long.toString(on.variable("order")).length() - 1L);
            on.machine.hooks().detach(program);
            long before = on.variable("order");
            on.machine.run(on.program("update"), null, 0, 1);
            assertThat(on.variable("order")).isEqualTo(before * 10 + 1);
            return before;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nmi, map-update-under-lock, NMI, 12",
        "nmi, freelist-pop, NMI, 12",
        "nmi, __pcpu_freelist_pop, NMI, 12",
        "nmi, lookup_elem_raw, NMI, 12",
        "packet, map-update-before-lock, SOFTIRQ, 13",
        "packet, htab_map_update_elem, SOFTIRQ, 13",
        "packet, entry:update, SOFTIRQ, 31",
        "packet, exit:update, SOFTIRQ, 13",
        "probe, entry:update, TASK, 41",
        "probe, map-update-after-lock, TASK, 14",
        "probe, array_map_update_elem, TASK, 1"
    })
    void shouldRunAtThePlace(String program, String place, ContextLevel level, long order) throws Exception {
        assertThat(orderOf(program, place, level)).isEqualTo(order);
    }

    @ParameterizedTest
    @CsvSource({
        "packet, freelist-pop, interrupts are off at 'freelist-pop'",
        "update, entry:update, cannot be nested into itself",
        "packet, entree:update, map-update-under-lock"
    })
    void shouldRefuseWhatLinuxCouldNotRun(String name, String place, String message) throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), TEXT)) {
            assertThatThrownBy(() -> HookTable.of(on.program(name).program(), place))
                    .isInstanceOf(UnsupportedProgramException.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void shouldNameTheProgramsThatThereAre() throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), TEXT)) {
            LoadedProgram program = on.program("nmi");
            HookTarget target = HookTable.of(program.program(), "exit:other");
            assertThatThrownBy(() -> on.machine.hooks().attach(program, target, CpuSet.ALL))
                    .hasMessageContaining("no program 'other' is loaded")
                    .hasMessageContaining("update, nmi, packet, probe");
        }
    }

    @Test
    void shouldNotRunAPacketProgramInAnNmi() throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(1), TEXT)) {
            LoadedProgram packet = on.program("packet");
            on.machine.hooks().attach(packet, HookTable.of(packet.program(), "entry:nmi"), CpuSet.ALL);
            on.machine.run(on.program("nmi"), null, 0, 1);
            assertThat(packet.stats().misses(ContextLevel.NMI)).isEqualTo(1);
            assertThat(on.variable("order")).isEqualTo(2);
        }
    }

    @Test
    void shouldKeepToItsCpus() throws Exception {
        try (TextPrograms on = new TextPrograms(MachineOptions.ofCpus(2), TEXT)) {
            LoadedProgram probe = on.program("probe");
            on.machine.hooks().attach(probe, HookTable.of(probe.program(), "entry:update"), CpuSet.of(List.of(1)));
            on.machine.run(on.program("update"), null, 0, 1);
            on.machine.run(on.program("update"), null, 1, 1);
            assertThat(on.variable("order")).isEqualTo(141);
        }
    }
}
