package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;

/** Locks of programs, and interrupt and preemption state. */
final class LockHelpers {
    private final EmulatedKernel kernel;
    private final LockReports reports;

    private LockHelpers(EmulatedKernel kernel) {
        this.kernel = kernel;
        this.reports = new LockReports(kernel);
    }

    static void register(FunctionTable table, EmulatedKernel kernel) {
        LockHelpers locks = new LockHelpers(kernel);
        table.helper("bpf_spin_lock", (run, lock, _, _, _, _) -> locks.spinLock(run, lock));
        table.helper("bpf_spin_unlock", (run, lock, _, _, _, _) -> spinUnlock(run, lock));
        table.kfunc("bpf_res_spin_lock", (run, lock, _, _, _, _) -> locks.lock(run, lock));
        table.kfunc("bpf_res_spin_unlock", (run, lock, _, _, _, _) -> locks.unlock(run.cpu(), lock));
        table.kfunc("bpf_res_spin_lock_irqsave", (run, lock, flags, _, _, _) -> locks.lockIrqsave(run, lock, flags));
        table.kfunc(
                "bpf_res_spin_unlock_irqrestore",
                (run, lock, flags, _, _, _) -> locks.unlockIrqrestore(run.cpu(), lock, flags));
        table.kfunc("bpf_local_irq_save", (run, flags, _, _, _, _) -> {
            GuestMemory.putLong(flags, run.cpu().irqSave());
            return 0;
        });
        table.kfunc("bpf_local_irq_restore", (run, flags, _, _, _, _) -> {
            run.cpu().irqRestore(GuestMemory.getLong(flags));
            return 0;
        });
        table.kfunc("bpf_preempt_disable", (run, _, _, _, _, _) -> {
            run.cpu().preemptDisable();
            return 0;
        });
        table.kfunc("bpf_preempt_enable", (run, _, _, _, _, _) -> {
            run.cpu().preemptEnable();
            return 0;
        });
        table.kfunc("bpf_rcu_read_lock", (_, _, _, _, _, _) -> 0);
        table.kfunc("bpf_rcu_read_unlock", (_, _, _, _, _, _) -> 0);
    }

    private long spinLock(Execution run, long lock) {
        Cpu cpu = run.cpu();
        LockClass lockClass = lockClass(run, lock);
        long flags = PlainSpinLock.lock(cpu, lock, lockClass);
        run.spinLockTaken(lock, flags);
        kernel.locks().delay(cpu, lockClass);
        return 0;
    }

    /** Returns the class that a lock is counted under; notes the source line of the first program that takes it. */
    private LockClass lockClass(Execution run, long lock) {
        LockClass known = kernel.locks().stats().ofAddress(lock);
        if (!known.hasSite()) {
            known.setSite(StackText.sourceLine(run.code().program(), run.slot()));
        }
        return known;
    }

    private static long spinUnlock(Execution run, long lock) {
        PlainSpinLock.unlock(run.cpu(), lock, run.spinLockReleased());
        return 0;
    }

    private long lock(Execution run, long lock) {
        Cpu cpu = run.cpu();
        LockClass lockClass = lockClass(run, lock);
        int result = kernel.locks().lock(cpu, lock, lockClass);
        if (result == 0) {
            kernel.heldSites().taken(run, lock);
            kernel.locks().delay(cpu, lockClass);
        } else {
            reports.lockFailed(run, result, lock, "");
        }
        return result;
    }

    private long unlock(Cpu cpu, long lock) {
        kernel.heldSites().released(cpu);
        kernel.locks().unlock(cpu, lock);
        return 0;
    }

    private long lockIrqsave(Execution run, long lock, long flagsAddress) {
        Cpu cpu = run.cpu();
        long flags = cpu.irqSave();
        LockClass lockClass = lockClass(run, lock);
        int result = kernel.locks().lock(cpu, lock, lockClass);
        if (result != 0) {
            reports.lockFailed(run, result, lock, "_irqsave");
            cpu.irqRestore(flags);
            return result;
        }
        kernel.heldSites().taken(run, lock);
        GuestMemory.putLong(flagsAddress, flags);
        kernel.locks().delay(cpu, lockClass);
        return 0;
    }

    private long unlockIrqrestore(Cpu cpu, long lock, long flagsAddress) {
        kernel.heldSites().released(cpu);
        kernel.locks().unlockIrqrestore(cpu, lock, GuestMemory.getLong(flagsAddress));
        return 0;
    }
}
