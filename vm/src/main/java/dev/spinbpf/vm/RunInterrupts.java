package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Landing;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Programs that interrupt single runs: one of them in each run, in turn, after a drawn number of instructions. Where the
 * run is over before, it lands right after it.
 */
final class RunInterrupts {
    private final DeferredRuns deferred;
    private final byte[] packet;
    private final SplittableRandom random;
    private final List<Interrupt> interrupts = new ArrayList<>();
    private @Nullable Interrupt pending;
    private boolean isArmed;
    private int next;

    private record Interrupt(LoadedProgram program, HookTarget target, ContextLevel level, CpuSet cpus) {}

    /** @param packet the Ethernet frame that packet programs get */
    RunInterrupts(DeferredRuns deferred, byte[] packet, long seed) {
        this.deferred = deferred;
        this.packet = packet;
        random = new SplittableRandom(seed);
    }

    void add(LoadedProgram program, HookTarget target, ContextLevel level, CpuSet cpus) {
        interrupts.add(new Interrupt(program, target, level, cpus));
    }

    /** Makes an interrupt land in the run that begins. */
    void arm(CpuContext context) {
        if (interrupts.isEmpty()) {
            return;
        }
        Cpu cpu = context.cpu();
        List<Interrupt> here = interrupts.stream()
                .filter(interrupt -> interrupt.cpus.contains(cpu.id()))
                .toList();
        if (here.isEmpty()) {
            return;
        }
        Interrupt chosen = here.get(next++ % here.size());
        pending = chosen;
        isArmed = true;
        cpu.setInterruptHandler((at, level) -> interrupt(context, level));
        context.landInterrupt(chosen.level, 1 + random.nextInt(Landing.MOST_INSTRUCTIONS));
    }

    /** Lets the interrupt come that has not landed in the run, which is over. */
    void land(CpuContext context) {
        if (!isArmed) {
            return; // the CPU keeps the handler that it has
        }
        isArmed = false;
        try {
            if (pending != null) {
                landAfter(context);
            }
        } finally {
            pending = null;
            deferred.idle(context);
        }
    }

    private static void landAfter(CpuContext context) {
        Cpu cpu = context.cpu();
        ContextLevel level = cpu.level();
        cpu.leave(ContextLevel.TASK);
        try {
            context.landNow();
            cpu.poll();
        } finally {
            cpu.leave(level);
        }
    }

    private void interrupt(CpuContext context, ContextLevel level) {
        deferred.runTimers(context, level);
        Interrupt here = pending;
        if (here != null && here.level == level) {
            pending = null;
            HookRegistry.run(context.cpu(), here.program, here.target, packet);
        }
    }
}
