package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.task.Cgroups;
import dev.spinbpf.vm.task.Task;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Iterators over the machine's tasks, those of a cgroup, and cgroups above and below one. Tasks have one thread each and no
 * memory areas.
 */
final class TaskIterators {
    private static final int ALL_PROCS = 0;
    private static final int PROC_THREADS = 2;

    /** Orders of {@code bpf_iter_css}: itself, those below it (it first or last), those above it. */
    private static final int SELF_ONLY = 1;

    private static final int DESCENDANTS_POST = 3;
    private static final int ANCESTORS_UP = 4;
    private static final int MOST_CSS_TASK_FLAG = 3;

    private static final int NUMBER = 0;
    private static final int OBJECT = 8;
    private static final int ORDER = 16;

    private TaskIterators() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.kfunc("bpf_iter_task_new", (_, iterator, task, flags, _, _) -> {
            int order = (int) flags;
            boolean isValid = order >= ALL_PROCS && order <= PROC_THREADS && (order != PROC_THREADS || task != 0);
            begin(iterator, order == PROC_THREADS ? task : 0, isValid ? order : -1);
            return isValid ? 0 : -EINVAL;
        });
        table.kfunc("bpf_iter_task_next", (_, iterator, _, _, _, _) -> nextTask(kernel, iterator));
        table.kfunc("bpf_iter_css_task_new", (_, iterator, css, flags, _, _) -> {
            boolean isValid = (int) flags >= 0 && (int) flags <= MOST_CSS_TASK_FLAG && (int) flags != 2;
            GuestMemory.putLong(iterator, isValid ? css : 0);
            return isValid ? 0 : -EINVAL;
        });
        table.kfunc("bpf_iter_css_task_next", (_, iterator, _, _, _, _) -> nextInGroup(kernel, iterator));
        table.kfunc("bpf_iter_css_new", (_, iterator, css, order, _, _) -> {
            boolean isValid = (int) order >= SELF_ONLY && (int) order <= ANCESTORS_UP;
            begin(iterator, css, isValid ? (int) order : -1);
            return isValid ? 0 : -EINVAL;
        });
        table.kfunc("bpf_iter_css_next", (_, iterator, _, _, _, _) -> nextCgroup(kernel, iterator));
        for (String destroy :
                new String[] {"bpf_iter_task_destroy", "bpf_iter_css_task_destroy", "bpf_iter_css_destroy"}) {
            table.kfunc(destroy, (_, _, _, _, _, _) -> 0);
        }
    }

    private static void begin(long iterator, long object, int order) {
        GuestMemory.putLong(iterator + NUMBER, 0);
        GuestMemory.putLong(iterator + OBJECT, object);
        GuestMemory.putLong(iterator + ORDER, order);
    }

    private static int take(long iterator) {
        int number = (int) GuestMemory.getLong(iterator + NUMBER);
        GuestMemory.putLong(iterator + NUMBER, number + 1L);
        return number;
    }

    private static long nextTask(EmulatedKernel kernel, long iterator) {
        long order = GuestMemory.getLong(iterator + ORDER);
        List<Task> all = kernel.tasks().all();
        int number = take(iterator);
        if (order == PROC_THREADS) {
            return number == 0 ? GuestMemory.getLong(iterator + OBJECT) : 0;
        }
        return order < 0 || number >= all.size() ? 0 : kernel.tasks().address(all.get(number));
    }

    /** The iterator over a cgroup's tasks is the cgroup's address, below 4 GiB, and above it the number of the next task. */
    private static long nextInGroup(EmulatedKernel kernel, long iterator) {
        long state = GuestMemory.getLong(iterator);
        long group = state & 0xffff_ffffL;
        List<Task> all = kernel.tasks().all();
        for (int number = (int) (state >>> 32); number < all.size(); number++) {
            Task task = all.get(number);
            if (task.cgroup().address() == group) {
                GuestMemory.putLong(iterator, group | (number + 1L) << 32);
                return kernel.tasks().address(task);
            }
        }
        GuestMemory.putLong(iterator, 0);
        return 0;
    }

    private static long nextCgroup(EmulatedKernel kernel, long iterator) {
        Cgroups.Cgroup start = kernel.cgroups().at(GuestMemory.getLong(iterator + OBJECT));
        int order = (int) GuestMemory.getLong(iterator + ORDER);
        int number = take(iterator);
        if (start == null || order < SELF_ONLY) {
            return 0;
        }
        return switch (order) {
            case SELF_ONLY -> number == 0 ? start.address() : 0;
            case ANCESTORS_UP -> address(start.ancestor(start.level() - number));
            default -> {
                List<Cgroups.Cgroup> below = kernel.cgroups().below(start);
                int place = order == DESCENDANTS_POST ? below.size() - 1 - number : number;
                yield place < 0 || place >= below.size() ? 0 : below.get(place).address();
            }
        };
    }

    private static long address(Cgroups.@Nullable Cgroup group) {
        return group == null ? 0 : group.address();
    }
}
