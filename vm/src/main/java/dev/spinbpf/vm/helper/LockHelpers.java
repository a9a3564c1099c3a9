package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Helper;
import org.jspecify.annotations.Nullable;

/**
 * Locks of programs, and interrupt and preemption state.
 *
 * <p>A record, because HotSpot takes what is in one for constants.
 */
record LockHelpers(LockAlgorithm algorithm, HeldSites sites, LockReports reports) {
    static void register(FunctionTable table, EmulatedKernel kernel) {
        var locks = new LockHelpers(kernel.locks(), kernel.heldSites(), new LockReports(kernel));
        table.helper("bpf_spin_lock", (run, lock, _, _, _, _) -> locks.spinLock(run, lock));
        table.helper("bpf_spin_unlock", (run, lock, _, _, _, _) -> spinUnlock(run, lock));
        table.kfunc("bpf_res_spin_lock", locks.lockHelper());
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
        algorithm.delay(cpu, lockClass);
        return 0;
    }

    /** Returns the class that a lock is counted under; notes the source line of the first program that takes it. */
    private LockClass lockClass(Execution run, long lock) {
        LockClass known = algorithm.stats().ofAddress(lock);
        if (!known.hasSite()) {
            known.setSite(StackText.sourceLine(run.code().program(), run.slot()));
        }
        return known;
    }

    private static long spinUnlock(Execution run, long lock) {
        PlainSpinLock.unlock(run.cpu(), lock, run.spinLockReleased());
        return 0;
    }

    /** {@code bpf_res_spin_lock}: for compiled code that names the lock, it looks the lock's class up once. */
    private Helper lockHelper() {
        return new Helper() {
            @Override
            public long call(Execution run, long lock, long unused2, long unused3, long unused4, long unused5) {
                return lock(run, lock, lockClass(run, lock));
            }

            @Override
            public Helper forValue(long known) {
                var lockClass = new KnownClass();
                return (run, lock, _, _, _, _) ->
                        lock(run, lock, lock == known ? lockClass.of(run, lock) : lockClass(run, lock));
            }
        };
    }

    /** The class of the one lock that a call takes, once it was taken there and while it is counted by itself. */
    private final class KnownClass {
        private @Nullable LockClass found;

        LockClass of(Execution run, long lock) {
            LockClass known = found;
            return known != null ? known : find(run, lock);
        }

        private LockClass find(Execution run, long lock) {
            LockClass lockClass = lockClass(run, lock);
            if (lockClass.number() != 0) {
                found = lockClass;
            }
            return lockClass;
        }
    }

    private long lock(Execution run, long lock, LockClass lockClass) {
        Cpu cpu = run.cpu();
        int result = algorithm.lock(cpu, lock, lockClass);
        if (result == 0) {
            sites.taken(run, lock);
            algorithm.delay(cpu, lockClass);
        } else {
            reports.lockFailed(run, result, lock, "");
        }
        return result;
    }

    private long unlock(Cpu cpu, long lock) {
        sites.released(cpu);
        algorithm.unlock(cpu, lock);
        return 0;
    }

    private long lockIrqsave(Execution run, long lock, long flagsAddress) {
        Cpu cpu = run.cpu();
        long flags = cpu.irqSave();
        LockClass lockClass = lockClass(run, lock);
        int result = algorithm.lock(cpu, lock, lockClass);
        if (result != 0) {
            reports.lockFailed(run, result, lock, "_irqsave");
            cpu.irqRestore(flags);
            return result;
        }
        sites.taken(run, lock);
        GuestMemory.putLong(flagsAddress, flags);
        algorithm.delay(cpu, lockClass);
        return 0;
    }

    private long unlockIrqrestore(Cpu cpu, long lock, long flagsAddress) {
        sites.released(cpu);
        algorithm.unlockIrqrestore(cpu, lock, GuestMemory.getLong(flagsAddress));
        return 0;
    }
}
