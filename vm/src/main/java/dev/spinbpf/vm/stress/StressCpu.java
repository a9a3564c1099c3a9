package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.RunContexts;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TrapException;
import dev.spinbpf.vm.hook.HookRegistry;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** The life of one CPU in a stress run: tasks one after the other, and what its interrupts do. */
final class StressCpu {
    private static final int FLOWS = 64;
    private static final int MOST_POLLS_BETWEEN_INTERRUPTS = 12;

    /** One in this many interrupts is a hardirq. */
    private static final int HARD_INTERRUPT_SHARE = 8;

    private final Cpu cpu;
    private final HookRegistry hooks;
    private final Machine machine;
    private final SplittableRandom random;
    private final BooleanSupplier stopping;
    private final byte[][] packets = new byte[FLOWS][];
    private final boolean hasHardInterrupts;
    private final boolean hasSoftInterrupts;
    private int pollsLeft = 1;

    StressCpu(Machine machine, Cpu cpu, SplittableRandom random, BooleanSupplier stopping) {
        this.machine = machine;
        this.cpu = cpu;
        this.hooks = machine.hooks();
        this.random = random;
        this.stopping = stopping;
        this.hasHardInterrupts = hooks.hasEventsAt(ContextLevel.HARDIRQ);
        this.hasSoftInterrupts = hooks.hasEventsAt(ContextLevel.SOFTIRQ);
        for (int flow = 0; flow < FLOWS; flow++) {
            packets[flow] = RunContexts.udpPacket(flow);
        }
    }

    void run() {
        boolean hasTasks = hooks.hasEventsAt(ContextLevel.TASK);
        cpu.setInterruptHandler((at, level) -> interrupt(level));
        machine.context(cpu.id()).pollPoint(this::poll);
        try {
            while (!stopping.getAsBoolean()) {
                if (hasTasks) {
                    hooks.syscall(cpu);
                    hooks.fireNamed(cpu, ContextLevel.TASK);
                }
                cpu.raise(ContextLevel.SOFTIRQ);
                if (hasHardInterrupts) {
                    cpu.raise(ContextLevel.HARDIRQ);
                }
                cpu.poll();
                if (!hasTasks && !hasSoftInterrupts) {
                    Thread.onSpinWait();
                }
            }
        } finally {
            machine.context(cpu.id()).pollPoint(run -> {});
            cpu.setInterruptHandler(null);
        }
    }

    /** Between the instructions of a program: lets interrupts land now and then. */
    private void poll(Execution run) {
        if (stopping.getAsBoolean()) {
            throw TrapException.stop();
        }
        if (--pollsLeft > 0) {
            return;
        }
        pollsLeft = 1 + random.nextInt(MOST_POLLS_BETWEEN_INTERRUPTS);
        // Only what interrupts the present level, or one interrupt would bring the next for ever.
        boolean hard = hasHardInterrupts && random.nextInt(HARD_INTERRUPT_SHARE) == 0;
        ContextLevel interrupt = hard ? ContextLevel.HARDIRQ : ContextLevel.SOFTIRQ;
        if (cpu.level().compareTo(interrupt) < 0) {
            cpu.raise(interrupt);
        }
    }

    private void interrupt(ContextLevel level) {
        switch (level) {
            case NMI -> hooks.perfEvent(cpu);
            case HARDIRQ -> hooks.fireNamed(cpu, level);
            case SOFTIRQ -> {
                hooks.fireNamed(cpu, level);
                hooks.packet(cpu, packets[random.nextInt(FLOWS)]);
            }
            case TASK -> throw new IllegalArgumentException("TASK is not an interrupt");
        }
    }
}
