package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EBUSY;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.task.DispatchQueues;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Kfuncs of {@code sched_ext} about CPUs. All are online, of one node and equally fast; the number of a CPU is its number
 * among the scheduler's ({@code cid}) too. The masks are shared by all who ask, so that references are not counted.
 */
final class ScxCpus {
    private static final int MASK_SIZE = 1024;
    private static final int QUEUE_SIZE = 16 << 10;
    private static final int FULL_CAPACITY = 1024;

    /** Layout of {@code struct scx_bpf_select_cpu_and_args}. */
    private static final int ARGS_PREVIOUS = 0;

    private final EmulatedKernel kernel;
    private final DispatchQueues queues;
    private final AtomicLong idle;
    private final int count;
    private final long all;
    private final GuestArena arena;
    private long possibleMask;
    private long idleMask;
    private long runQueues;

    ScxCpus(EmulatedKernel kernel) {
        this.kernel = kernel;
        queues = kernel.dispatchQueues();
        idle = queues.idleCpus();
        count = kernel.cpus().count();
        all = kernel.cpus().mask();
        arena = kernel.arena();
    }

    void register(FunctionTable table) {
        registerNumbers(table);
        registerChoices(table);
        registerMasks(table);
        registerSpeeds(table);
    }

    private void registerNumbers(FunctionTable table) {
        for (String name : new String[] {"scx_bpf_nr_cpu_ids", "scx_bpf_nr_cids", "scx_bpf_nr_online_cids"}) {
            table.kfunc(name, (_, _, _, _, _, _) -> count);
        }
        table.kfunc("scx_bpf_nr_node_ids", (_, _, _, _, _, _) -> 1);
        table.kfunc("scx_bpf_cpu_node", onCpu(cpu -> 0));
        table.kfunc("scx_bpf_cid_to_cpu", onCpu(cpu -> cpu));
        table.kfunc("scx_bpf_cpu_to_cid", onCpu(cpu -> cpu));
        table.kfunc("scx_bpf_this_cid", (run, _, _, _, _, _) -> run.cpu().id());
        table.kfunc("scx_bpf_now", (run, _, _, _, _, _) -> run.cpu().nanoTime());
        for (String name : new String[] {"scx_bpf_kick_cpu", "scx_bpf_kick_cid"}) {
            table.kfunc(name, onCpu(cpu -> 0));
        }
        for (String name : new String[] {"scx_bpf_cpu_curr", "scx_bpf_cid_curr"}) {
            table.kfunc(name, onCpu(cpu -> kernel.tasks().address(kernel.cpus().get(cpu))));
        }
        table.kfunc("scx_bpf_cpu_rq", onCpu(this::runQueue));
        table.kfunc(
                "scx_bpf_locked_rq", (run, _, _, _, _, _) -> runQueue(run.cpu().id()));
        table.kfunc("scx_bpf_events", (_, events, size, _, _, _) -> {
            GuestMemory.fill(events, size, (byte) 0);
            return 0;
        });
    }

    /** The work on a CPU by its number. */
    @FunctionalInterface
    private interface CpuWork {
        long on(int cpu);
    }

    private Helper onCpu(CpuWork work) {
        return (_, cpu, _, _, _, _) -> {
            if (Integer.compareUnsigned((int) cpu, count) >= 0) {
                throw ScxKfuncs.ended(queues, "there is no CPU " + (int) cpu);
            }
            return work.on((int) cpu);
        };
    }

    private void registerChoices(FunctionTable table) {
        table.kfunc("scx_bpf_select_cpu_dfl", (_, _, previous, _, isIdle, _) -> {
            long chosen = choose(all, (int) previous);
            GuestMemory.putByte(isIdle, (byte) (chosen >= 0 ? 1 : 0));
            return chosen >= 0 ? chosen : (int) previous;
        });
        table.kfunc("scx_bpf_select_cpu_and", (_, _, previous, _, mask, _) -> choose(bits(mask), (int) previous));
        table.kfunc(
                "__scx_bpf_select_cpu_and",
                (_, _, mask, args, _, _) -> choose(bits(mask), GuestMemory.getInt(args + ARGS_PREVIOUS)));
        for (String suffix : new String[] {"", "_node"}) {
            table.kfunc("scx_bpf_pick_idle_cpu" + suffix, (_, mask, _, _, _, _) -> choose(bits(mask), -1));
            table.kfunc("scx_bpf_pick_any_cpu" + suffix, (_, mask, _, _, _, _) -> {
                long chosen = choose(bits(mask), -1);
                boolean isAny = chosen < 0 && bits(mask) != 0;
                return isAny ? Long.numberOfTrailingZeros(bits(mask)) : chosen;
            });
        }
        table.kfunc("scx_bpf_test_and_clear_cpu_idle", onCpu(cpu -> claim(1L << cpu) ? 1 : 0));
    }

    /** Returns an idle CPU of a mask, which is no longer idle then; the previous one rather than others. */
    private long choose(long mask, int previous) {
        if (previous >= 0 && previous < count && (mask >> previous & 1) != 0 && claim(1L << previous)) {
            return previous;
        }
        for (long free = idle.get() & mask & all; free != 0; free &= free - 1) {
            if (claim(Long.lowestOneBit(free))) {
                return Long.numberOfTrailingZeros(free);
            }
        }
        return -EBUSY;
    }

    private boolean claim(long bit) {
        return (idle.getAndUpdate(bits -> bits & ~bit) & bit) != 0;
    }

    private long bits(long mask) {
        return GuestMemory.getLong(mask) & all;
    }

    private void registerMasks(FunctionTable table) {
        for (String name : new String[] {"scx_bpf_get_possible_cpumask", "scx_bpf_get_online_cpumask"}) {
            table.kfunc(name, (_, _, _, _, _, _) -> possibleMask());
        }
        for (String name : new String[] {"scx_bpf_get_idle_cpumask", "scx_bpf_get_idle_smtmask"}) {
            table.kfunc(name, (_, _, _, _, _, _) -> idleMask());
            table.kfunc(name + "_node", (_, _, _, _, _, _) -> idleMask());
        }
        for (String name : new String[] {"scx_bpf_put_cpumask", "scx_bpf_put_idle_cpumask"}) {
            table.kfunc(name, (_, _, _, _, _, _) -> 0);
        }
    }

    private synchronized long possibleMask() {
        if (possibleMask == 0) {
            possibleMask = arena.allocate(MASK_SIZE);
            GuestMemory.putLong(possibleMask, all);
        }
        return possibleMask;
    }

    private synchronized long idleMask() {
        if (idleMask == 0) {
            idleMask = arena.allocate(MASK_SIZE);
        }
        GuestMemory.putLong(idleMask, idle.get());
        return idleMask;
    }

    private synchronized long runQueue(int cpu) {
        if (runQueues == 0) {
            runQueues = arena.allocate((long) QUEUE_SIZE * count, 64);
        }
        return runQueues + (long) cpu * QUEUE_SIZE;
    }

    private void registerSpeeds(FunctionTable table) {
        for (String kind : new String[] {"scx_bpf_cpuperf", "scx_bpf_cidperf"}) {
            table.kfunc(kind + "_cap", onCpu(cpu -> FULL_CAPACITY));
            table.kfunc(kind + "_cur", onCpu(cpu -> FULL_CAPACITY));
            table.kfunc(kind + "_set", (_, cpu, speed, _, _, _) -> {
                boolean isKnown = Integer.compareUnsigned((int) cpu, count) < 0;
                if (!isKnown || Integer.compareUnsigned((int) speed, FULL_CAPACITY) > 0) {
                    throw ScxKfuncs.ended(queues, "CPU " + (int) cpu + " cannot run at speed " + (int) speed);
                }
                return 0;
            });
        }
    }
}
