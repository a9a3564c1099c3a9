package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.StackTraceMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.Errno;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stacks that programs collect: those of the programs and places that they are nested into. */
class StacksTest {
    private static final List<String> FROM_USER_SPACE = List.of("do_syscall_64", "entry_SYSCALL_64_after_hwframe");

    @SuppressWarnings("NullAway.Init")
    private ObjectMachine on;

    @BeforeEach
    void load() throws Exception {
        try (InputStream stream = StacksTest.class.getResourceAsStream("stacks/stacks.bpf.o")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            on = new ObjectMachine(
                    ObjectReader.read("stacks.bpf.o", bytes, ReadOptions.DEFAULT), MachineOptions.ofCpus(1));
        }
    }

    @AfterEach
    void close() {
        on.close();
    }

    private void run(String program, int inputBytes) {
        assertThat(on.machine
                        .run(on.program(program), new byte[inputBytes], 0, 1)
                        .fault())
                .isNull();
    }

    private List<String> frames() throws Exception {
        List<String> frames = new ArrayList<>();
        for (int at = 0; at < on.variable("bytes"); at += Long.BYTES) {
            frames.add(on.machine.describeAddress(GuestMemory.getLong(on.address("frames") + at)));
        }
        return frames;
    }

    private StackTraceMap stacks() throws Exception {
        for (BpfMap map : on.machine.maps(on.object)) {
            if (map instanceof StackTraceMap stacks) {
                return stacks;
            }
        }
        throw new AssertionError("no map of stacks");
    }

    @Test
    void shouldHaveTheProgramThatAHookNestsInto() throws Exception {
        on.machine.attach(on.program("seen"));
        run("work", 64);
        List<String> frames = frames();
        assertThat(frames.get(0)).isEqualTo("htab_map_update_elem");
        assertThat(frames.get(1)).startsWith("update+0x");
        assertThat(frames.get(2)).startsWith("work+0x");
        assertThat(frames.subList(3, 6))
                .containsExactly("__netif_receive_skb_core", "net_rx_action", "handle_softirqs");
        assertThat(frames.subList(6, frames.size())).isEqualTo(FROM_USER_SPACE);
        long id = on.variable("id");
        assertThat(stacks().entryCount()).isEqualTo(1);
        run("work", 64);
        assertThat(on.variable("id")).isEqualTo(id);
        assertThat(stacks().entryCount()).isEqualTo(1);
    }

    @Test
    void shouldHaveTheProgramItselfWhereLinuxGivesItNoRegisters() throws Exception {
        run("own", 64);
        List<String> frames = frames();
        assertThat(frames.get(0)).startsWith("own+0x");
        assertThat(frames.get(1)).isEqualTo("__traceiter_sched_switch");
        assertThat(frames.subList(2, frames.size())).isEqualTo(FROM_USER_SPACE);
    }

    @Test
    void shouldRefuseAsLinuxDoes() throws Exception {
        run("refused", 64);
        long results = on.address("results");
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(GuestMemory.getLong(results + (long) i * Long.BYTES));
        }
        assertThat(all)
                .containsExactly(
                        (long) -Errno.EINVAL,
                        (long) -Errno.EFAULT,
                        (long) -Errno.EINVAL,
                        (long) -Errno.EFAULT,
                        (long) -Errno.EINVAL,
                        16L,
                        8L,
                        64L,
                        16L,
                        (long) -Errno.EINVAL);
    }
}
