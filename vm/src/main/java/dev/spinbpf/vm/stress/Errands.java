package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Work from outside for one CPU, which does it at task level between two of its tasks: so user space uses maps while the
 * workload runs, and no two threads run one CPU.
 */
final class Errands {
    private final ConcurrentLinkedQueue<Consumer<Cpu>> waiting = new ConcurrentLinkedQueue<>();

    /** Adds work; any thread may. */
    void add(Consumer<Cpu> work) {
        waiting.add(work);
    }

    /** Does the work that waits; on the CPU's thread. */
    void run(Cpu cpu) {
        @Nullable Consumer<Cpu> work = waiting.poll();
        while (work != null) {
            work.accept(cpu);
            work = waiting.poll();
        }
    }
}
