package dev.spinbpf.vm.task;

import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The dispatch queues of a scheduler that programs make up ({@code sched_ext}): a local one of each CPU, from which alone
 * it takes tasks, a global one from which it helps itself where its own is empty, and those that programs create.
 *
 * <pre>
 *   sleeping --wakes--> arriving --returns--> owned by programs --dispatch--> queued --taken--> running --+
 *      ^                   |                                                    ^                         |
 *      |                   +--------------- dispatched at once -----------------+        slice is over: arriving
 *      +------------------------------------------ sleeps ------------------------------------------------+
 * </pre>
 *
 * <p>A task that is handed to the programs and dispatched before that call has returned comes to its queue when it does.
 * To dispatch a task that the programs do not have is without effect, as it is in Linux, since they may be late.
 */
public final class DispatchQueues {
    /** Marks queues that are there by themselves. */
    public static final long BUILTIN = 1L << 63;

    public static final long GLOBAL = BUILTIN | 1;
    public static final long LOCAL = BUILTIN | 2;

    /** With the number of a CPU in the lower half. */
    public static final long LOCAL_ON = BUILTIN | 1L << 62;

    /** Backwards, for iterators. */
    public static final long REVERSE = 1L << 16;

    private static final long CPU_MASK = 0xffff_ffffL;

    private final Tasks tasks;
    private final DispatchQueue global = new DispatchQueue(GLOBAL);
    private final DispatchQueue[] locals;
    private final Task[] lastByCpu;
    private final Map<Long, DispatchQueue> created = new HashMap<>();
    private final List<Task> returned = new ArrayList<>();
    private final AtomicLong idleCpus = new AtomicLong();
    private long insertions;
    private volatile String ended = "";

    /**
     * The order in which a task stands in a queue.
     *
     * @param byTime whether by virtual time, else by insertion
     * @param virtualTime the virtual time
     * @param first whether before all others
     */
    public record Order(boolean byTime, long virtualTime, boolean first) {
        /** By insertion. */
        public static final Order FIFO = new Order(false, 0, false);
    }

    /** Thrown where Linux would end the scheduler, and say why. */
    public static final class MistakeException extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param message the reason */
        public MistakeException(String message) {
            super(message);
        }
    }

    /** Queues without tasks. */
    public DispatchQueues(Tasks tasks, int cpus) {
        this.tasks = tasks;
        locals = new DispatchQueue[cpus];
        lastByCpu = new Task[cpus];
        Arrays.setAll(locals, cpu -> new DispatchQueue(LOCAL_ON | cpu));
    }

    // By programs.

    /** Creates a queue; 0, -EINVAL for a number of those that are there by themselves, -EEXIST. */
    public synchronized long create(long id) {
        if ((id & BUILTIN) != 0) {
            return -EINVAL;
        }
        return created.putIfAbsent(id, new DispatchQueue(id)) == null ? 0 : -EEXIST;
    }

    /** Removes a queue, which has to be empty. */
    public synchronized void destroy(long id) throws MistakeException {
        DispatchQueue queue = created.get(id);
        if (queue != null && queue.size() > 0) {
            throw new MistakeException("DSQ " + named(id) + " is destroyed with " + queue.size() + " tasks in it");
        }
        created.remove(id);
    }

    /** Returns how many tasks wait in a queue; -ENOENT where there is none. */
    public synchronized long count(Cpu cpu, long id) {
        DispatchQueue queue = find(id, cpu.id());
        return queue == null ? -ENOENT : queue.size();
    }

    /** Returns the task that waits longest in a queue, or null. */
    public synchronized @Nullable Task first(long id) {
        DispatchQueue queue = created.get(id);
        return queue == null ? null : queue.first();
    }

    /**
     * Dispatches a task that programs have, or that is handed to them right now.
     *
     * @return false where they do not have it
     */
    public synchronized boolean insert(Cpu cpu, Task task, long id, Order order) throws MistakeException {
        require(id, cpu.id(), order);
        TaskState waiting = task.waiting;
        switch (waiting.state) {
            case ARRIVING -> {
                if (waiting.direct != null) {
                    throw new MistakeException(task + " is dispatched twice");
                }
                waiting.direct = new TaskState.Target(id, cpu.id(), order);
            }
            case OWNED, ABSENT -> {
                put(task, id, cpu.id(), order);
                lastByCpu[cpu.id()] = task;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void require(long id, int cpu, Order order) throws MistakeException {
        DispatchQueue queue = find(id, cpu);
        if (queue == null) {
            throw new MistakeException("there is no DSQ " + named(id));
        }
        if (order.byTime && (id & BUILTIN) != 0) {
            throw new MistakeException("DSQ " + named(id) + " is built in and has no order by virtual time");
        }
        if (!queue.admits(order.byTime)) {
            throw new MistakeException("tasks of DSQ " + named(id) + " stand in it by "
                    + (order.byTime
                            ? "insertion, and one is to by virtual time"
                            : "virtual time, and one is to by insertion"));
        }
    }

    private void put(Task task, long id, int cpu, Order order) {
        DispatchQueue queue = find(id, cpu);
        (queue == null ? global : queue).add(task, order, ++insertions);
    }

    /** Takes back what a CPU dispatched last, where it still waits. */
    public synchronized void cancelLast(Cpu cpu) {
        Task task = lastByCpu[cpu.id()];
        if (task != null && task.waiting.queue != null) {
            task.waiting.queue.remove(task);
            task.waiting.state = TaskState.State.OWNED;
        }
    }

    /** Moves the first task of a queue to the local one of a CPU; false where it is empty. */
    public synchronized boolean moveToLocal(Cpu cpu, long id) throws MistakeException {
        DispatchQueue queue = find(id, cpu.id());
        if (queue == null) {
            throw new MistakeException("there is no DSQ " + named(id));
        }
        Task task = queue.first();
        if (task == null) {
            return false;
        }
        queue.remove(task);
        locals[cpu.id()].add(task, Order.FIFO, ++insertions);
        return true;
    }

    /** Moves a task from one queue to another; false where it is no longer in the first one. */
    public synchronized boolean move(Cpu cpu, Task task, long from, long to, Order order) throws MistakeException {
        require(to, cpu.id(), order);
        DispatchQueue queue = task.waiting.queue;
        if (queue == null || queue != find(from, cpu.id())) {
            return false;
        }
        queue.remove(task);
        put(task, to, cpu.id(), order);
        return true;
    }

    /** Takes the tasks of a CPU's local queue back to the programs; the scheduler hands them over once more. */
    public synchronized int reenqueue(Cpu cpu) {
        List<Task> drained = locals[cpu.id()].drain();
        drained.forEach(task -> task.waiting.state = TaskState.State.SLEEPING);
        returned.addAll(drained);
        return drained.size();
    }

    /**
     * Returns the task after a place in a queue, or null.
     *
     * @param started whether there is a place; else the first or last task is meant
     * @param place virtual time and number of the task that was the last one; those of the new one afterwards
     */
    public synchronized @Nullable Task next(Cpu cpu, long id, boolean started, long[] place, boolean backwards) {
        DispatchQueue queue = find(id, cpu.id());
        Task next = queue == null ? null : queue.next(started, place[0], place[1], backwards);
        if (next != null) {
            place[0] = next.waiting.virtualTime;
            place[1] = next.waiting.number;
        }
        return next;
    }

    /** Returns true where a CPU runs the task for the scheduler of programs. */
    public synchronized boolean isRunning(Task task) {
        return task.waiting.state == TaskState.State.RUNNING;
    }

    private @Nullable DispatchQueue find(long id, int cpu) {
        if ((id & BUILTIN) == 0) {
            return created.get(id);
        }
        if (id == GLOBAL) {
            return global;
        }
        if (id == LOCAL) {
            return locals[cpu];
        }
        boolean isOn = (id & ~CPU_MASK) == LOCAL_ON && (id & CPU_MASK) < locals.length;
        return isOn ? locals[(int) id] : null;
    }

    private static String named(long id) {
        return "0x" + Long.toHexString(id);
    }

    /** Sets of CPUs that have nothing to run, a bit each. */
    public AtomicLong idleCpus() {
        return idleCpus;
    }

    /** Ends the scheduler; the first reason counts. */
    public synchronized void end(String reason) {
        if (ended.isEmpty()) {
            ended = reason;
        }
    }

    /** Returns the reason for which the scheduler has ended, or an empty string. */
    public String ended() {
        return ended;
    }

    // By the machine's part of the scheduler.

    /** Hands a task to the scheduler for the first time; it sleeps. */
    public synchronized void adopt(Task task) {
        task.waiting.state = TaskState.State.SLEEPING;
    }

    /** Begins to hand a task to the programs; false where it does not sleep and does not run. */
    public synchronized boolean arrive(Task task) {
        TaskState waiting = task.waiting;
        boolean isFree = waiting.state == TaskState.State.SLEEPING || waiting.state == TaskState.State.RUNNING;
        if (isFree) {
            waiting.state = TaskState.State.ARRIVING;
            waiting.direct = null;
        }
        return isFree;
    }

    /** Returns true where a task that arrives was dispatched already. */
    public synchronized boolean isDispatched(Task task) {
        return task.waiting.direct != null;
    }

    /**
     * Ends handing a task over.
     *
     * @param owned whether the programs have it now if they did not dispatch it; else it comes to the global queue
     */
    public synchronized void arrived(Task task, boolean owned) {
        TaskState.Target direct = task.waiting.direct;
        task.waiting.direct = null;
        if (direct != null) {
            // The local queue is that of the CPU that was chosen for the task, whoever asked.
            put(task, direct.id(), direct.id() == LOCAL ? Math.max(0, task.cpu()) : direct.cpu(), direct.order());
        } else if (owned) {
            task.waiting.state = TaskState.State.OWNED;
        } else {
            put(task, GLOBAL, 0, Order.FIFO);
        }
    }

    /** Takes the next task for a CPU, from its own queue or else the global one; null where both are empty. */
    public synchronized @Nullable Task take(Cpu cpu) {
        lastByCpu[cpu.id()] = null;
        for (DispatchQueue queue : new DispatchQueue[] {locals[cpu.id()], global}) {
            Task task = queue.first();
            if (task != null) {
                queue.remove(task);
                task.waiting.state = TaskState.State.RUNNING;
                return task;
            }
        }
        return null;
    }

    /** Lets a task that ran sleep. */
    public synchronized void sleep(Task task) {
        task.waiting.state = TaskState.State.SLEEPING;
    }

    /** Begins to hand a task that came back from a local queue to the programs once more; null where there is none. */
    public synchronized @Nullable Task arriveReturned() {
        Task task = returned.isEmpty() ? null : returned.removeFirst();
        return task != null && arrive(task) ? task : null;
    }

    /** Begins to hand a task that sleeps to the programs; false where it does not sleep, or has come back from a local queue. */
    public synchronized boolean wake(Task task) {
        boolean isAsleep = task.waiting.state == TaskState.State.SLEEPING && !returned.contains(task);
        return isAsleep && arrive(task);
    }

    /** Returns the tasks of the machine. */
    public Tasks tasks() {
        return tasks;
    }
}
