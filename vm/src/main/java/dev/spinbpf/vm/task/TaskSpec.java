package dev.spinbpf.vm.task;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A task that a user declares.
 *
 * @param pid the process and thread id
 * @param comm the name, at most {@value #MOST_COMM} characters
 * @param uid user and group
 * @param cgroup the path of its cgroup from the root, which is {@code /}
 * @param stack the functions that it is in, in user space, outermost first; empty for a stack without names
 */
public record TaskSpec(int pid, String comm, int uid, String cgroup, List<String> stack) {
    /** Largest process id of a 64-bit Linux. */
    public static final int MOST_PID = 4_194_304;

    /** Longest name. */
    public static final int MOST_COMM = 15;

    /** Most functions in a stack. */
    public static final int MOST_FRAMES = 127;

    /** Names that cgroups can have, one after the other. */
    public static final Pattern CGROUP = Pattern.compile("/|(?:/[!-.0-~]{1,255}){1,32}");

    /** Copies the stack. */
    public TaskSpec {
        stack = List.copyOf(stack);
    }

    /** A task of the root user in the root cgroup. */
    public static TaskSpec of(int pid, String comm) {
        return new TaskSpec(pid, comm, 0, "/", List.of());
    }

    /** Returns the reason why there cannot be such a task, or an empty string. */
    public String mistake() {
        if (pid < 2 || pid > MOST_PID) {
            return "pid is " + pid + "; it has to be 2 to " + MOST_PID;
        }
        if (comm.isEmpty() || comm.length() > MOST_COMM) {
            return "comm is '" + comm + "'; it has to have 1 to " + MOST_COMM + " characters";
        }
        if (uid < 0) {
            return "uid is " + uid + "; it has to be 0 or more";
        }
        if (!CGROUP.matcher(cgroup).matches()) {
            return "cgroup is '" + cgroup + "'; it has to be a path such as /web or /system/db";
        }
        return stack.size() > MOST_FRAMES ? "stack has " + stack.size() + " functions, at most " + MOST_FRAMES : "";
    }
}
