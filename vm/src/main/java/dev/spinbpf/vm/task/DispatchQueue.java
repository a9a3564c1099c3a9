package dev.spinbpf.vm.task;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One queue of tasks that wait for a CPU: by the order of insertion, or by virtual time. */
final class DispatchQueue {
    private final long id;
    private final List<Task> tasks = new ArrayList<>();
    private boolean ordered;

    DispatchQueue(long id) {
        this.id = id;
    }

    long id() {
        return id;
    }

    int size() {
        return tasks.size();
    }

    /** Returns true where tasks stand in it by virtual time, false where by insertion; either where it is empty. */
    boolean admits(boolean byTime) {
        return tasks.isEmpty() || ordered == byTime;
    }

    void add(Task task, DispatchQueues.Order order, long number) {
        ordered = order.byTime();
        task.waiting.virtualTime = ordered ? order.virtualTime() : 0;
        task.waiting.number = order.first() ? -number : number;
        task.waiting.queue = this;
        task.waiting.state = TaskState.State.QUEUED;
        int at = tasks.size();
        while (at > 0 && isBefore(task.waiting, tasks.get(at - 1).waiting)) {
            at--;
        }
        tasks.add(at, task);
    }

    private static boolean isBefore(TaskState one, TaskState other) {
        return isBefore(one.virtualTime, one.number, other.virtualTime, other.number);
    }

    /** Virtual times wrap around: the one that is less far behind comes later. */
    private static boolean isBefore(long time, long number, long otherTime, long otherNumber) {
        return time - otherTime < 0 || time == otherTime && number < otherNumber;
    }

    void remove(Task task) {
        tasks.remove(task);
        task.waiting.queue = null;
    }

    @Nullable
    Task first() {
        return tasks.isEmpty() ? null : tasks.getFirst();
    }

    /**
     * Returns the task after a place, or the one before it, or null; tasks that came or went meanwhile do not matter.
     *
     * @param from whether there is a place; else the first or last is meant
     */
    @Nullable
    Task next(boolean from, long time, long number, boolean backwards) {
        List<Task> way = backwards ? tasks.reversed() : tasks;
        for (Task task : way) {
            TaskState at = task.waiting;
            boolean isBehind = backwards
                    ? isBefore(at.virtualTime, at.number, time, number)
                    : isBefore(time, number, at.virtualTime, at.number);
            if (!from || isBehind) {
                return task;
            }
        }
        return null;
    }

    List<Task> drain() {
        List<Task> drained = List.copyOf(tasks);
        drained.forEach(this::remove);
        return drained;
    }
}
