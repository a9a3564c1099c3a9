package dev.spinbpf.maps.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuTest {
    private final Cpu cpu = new Cpus(1, Clock.REAL).get(0);
    private final List<ContextLevel> handled = new ArrayList<>();

    CpuTest() {
        cpu.setInterruptHandler((c, level) -> {
            assertThat(c.level()).isEqualTo(level);
            handled.add(level);
        });
    }

    @Test
    void deliversTheHighestLevelFirst() {
        cpu.raise(ContextLevel.SOFTIRQ);
        cpu.raise(ContextLevel.NMI);
        cpu.raise(ContextLevel.HARDIRQ);
        cpu.poll();
        assertThat(handled).containsExactly(ContextLevel.NMI, ContextLevel.HARDIRQ, ContextLevel.SOFTIRQ);
        assertThat(cpu.level()).isEqualTo(ContextLevel.TASK);
    }

    @Test
    void mergesInterruptsOfOneLevel() {
        assertThat(cpu.raise(ContextLevel.HARDIRQ)).isTrue();
        assertThat(cpu.raise(ContextLevel.HARDIRQ)).isFalse();
        cpu.poll();
        assertThat(cpu.delivered(ContextLevel.HARDIRQ)).isOne();
    }

    @Test
    void maskedInterruptsPendUntilRestoreButNmisAreNeverMasked() {
        long flags = cpu.irqSave();
        long inner = cpu.irqSave();
        cpu.raise(ContextLevel.HARDIRQ);
        cpu.raise(ContextLevel.NMI);
        cpu.poll();
        cpu.irqRestore(inner);
        assertThat(handled).containsExactly(ContextLevel.NMI);
        assertThat(cpu.isPending(ContextLevel.HARDIRQ)).isTrue();
        cpu.irqRestore(flags);
        assertThat(handled).containsExactly(ContextLevel.NMI, ContextLevel.HARDIRQ);
    }

    @Test
    void lowerAndEqualLevelsWaitForTheHandlerToEnd() {
        var trace = new ArrayList<String>();
        cpu.setInterruptHandler((c, level) -> {
            trace.add("+" + level);
            if (trace.size() == 1) {
                c.raise(ContextLevel.SOFTIRQ);
                c.raise(ContextLevel.HARDIRQ);
                c.raise(ContextLevel.NMI);
            } else if (level == ContextLevel.NMI && trace.size() == 2) {
                c.raise(ContextLevel.NMI);
            }
            c.poll();
            trace.add("-" + level);
        });
        cpu.raise(ContextLevel.SOFTIRQ);
        cpu.poll();
        assertThat(trace)
                .containsExactly(
                        "+SOFTIRQ",
                        "+NMI",
                        "-NMI",
                        "+NMI",
                        "-NMI",
                        "+HARDIRQ",
                        "-HARDIRQ",
                        "-SOFTIRQ",
                        "+SOFTIRQ",
                        "-SOFTIRQ");
        assertThat(cpu.irqsEnabled()).isTrue();
    }

    @Test
    void hardirqsRunWithInterruptsDisabled() {
        cpu.setInterruptHandler((c, level) -> assertThat(c.irqsEnabled()).isEqualTo(level == ContextLevel.SOFTIRQ));
        cpu.raise(ContextLevel.SOFTIRQ);
        cpu.raise(ContextLevel.HARDIRQ);
        cpu.raise(ContextLevel.NMI);
        cpu.poll();
        assertThat(cpu.irqsEnabled()).isTrue();
    }

    @Test
    void heldLocksCountOnPastTheLastSlot() {
        var held = cpu.heldLocks();
        for (int i = 1; i <= HeldLocks.SLOTS + 2; i++) {
            held.raiseCount();
            held.recordTop(0x10000 + i);
        }
        assertThat(held.count()).isEqualTo(33);
        assertThat(held.toArray()).hasSize(31).contains(0x10000 + 31).doesNotContain(0x10000 + 32);
        for (int i = 0; i < HeldLocks.SLOTS + 2; i++) {
            held.clearTop();
            held.lowerCount();
        }
        assertThat(held.count()).isZero();
        assertThat(held.lock(30)).isZero();
    }
}
