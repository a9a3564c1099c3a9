package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.ProgramStream;
import java.util.Locale;

/**
 * The text that is written to a program's stderr stream when it could not take a lock: Linux's report ({@code
 * bpf_prog_report_rqspinlock_violation}), and one line more that says which program holds the lock.
 */
final class LockReports {
    private final EmulatedKernel kernel;

    LockReports(EmulatedKernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Reports a failure.
     *
     * @param result {@code -EDEADLK} or {@code -ETIMEDOUT}
     * @param suffix of the function that the program called: empty, or {@code _irqsave}
     */
    void lockFailed(Execution run, int result, long lock, String suffix) {
        ProgramStream err = run.code().err();
        if (err.isNearlyFull()) {
            err.drop();
            return;
        }
        HeldLocks held = run.cpu().heldLocks();
        String kind = result == -Errno.ETIMEDOUT ? "Timeout detected" : "AA or ABBA deadlock detected";
        StringBuilder text = new StringBuilder();
        line(text, "ERROR: %s for bpf_res_spin_lock%s", kind, suffix);
        line(text, "Attempted lock   = 0x%016x", lock);
        line(text, "Total held locks = %d", held.count());
        for (int i = 0; i < Math.min(HeldLocks.SLOTS, held.count()); i++) {
            line(text, "Held lock[%2d] = 0x%016x", i, held.lock(i));
        }
        text.append(StackText.of(run, kernel.tasks()));
        text.append(holder(run, lock)).append("\n\n");
        err.write(text.toString());
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }

    private String holderWithoutPlace(long lock, String name) {
        for (Cpu cpu : kernel.cpus().all()) {
            ContextLevel level = cpu.heldLocks().levelOfHolder(lock);
            if (level != null) {
                return "Holder: CPU " + cpu.id() + " in " + level.word() + " has " + name;
            }
        }
        return "Holder: " + name + " is free by now";
    }

    private String holder(Execution run, long lock) {
        String name = kernel.locks().stats().ofAddress(lock).name();
        HeldSites.Site site = kernel.heldSites().find(lock);
        if (site == null) {
            return holderWithoutPlace(lock, name);
        }
        long sinceNanos = kernel.locks().heldSinceNanos(site.cpu(), site.index());
        return "Holder: CPU " + site.cpu() + " in " + site.level().word() + " took " + name
                + " at " + StackText.place(site.code().program(), site.slot())
                + (sinceNanos == 0 ? "" : ", " + (run.cpu().nanoTime() - sinceNanos) + " ns ago");
    }
}
