package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.exec.Landing;
import java.util.SplittableRandom;

/**
 * The places where interrupts by the clock land. Most of them come where the CPU next looks: at calls, in helpers and in
 * every loop that waits. The others come after a drawn number of instructions, between any two of a program.
 */
final class Landings implements EventSource.Interrupts {
    /** One in this many lands between any two instructions. */
    private static final int ANYWHERE_SHARE = 8;

    private final Machine machine;
    private final SplittableRandom random;

    Landings(Machine machine, SplittableRandom random) {
        this.machine = machine;
        this.random = random;
    }

    @Override
    public void come(Cpu cpu, ContextLevel level) {
        int instructions = 1 + random.nextInt(Landing.MOST_INSTRUCTIONS);
        boolean atInstruction = random.nextInt(ANYWHERE_SHARE) == 0;
        if (!atInstruction || !machine.context(cpu.id()).landInterrupt(level, instructions)) {
            cpu.raise(level);
        }
    }
}
