package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The places of what programs read of a {@code struct task_struct}, in one version of it. */
final class TaskLayout {
    private static final String THREAD_INFO = "thread_info";

    /** Priority of a process of nice value 0. */
    private static final int DEFAULT_PRIO = 120;

    private final Map<String, Field> fields = new HashMap<>();

    /**
     * A member.
     *
     * @param offset in bytes
     * @param size in bytes
     */
    private record Field(long offset, long size) {}

    private TaskLayout() {}

    /** Returns the layout by types; null where they have no {@code task_struct}. */
    static @Nullable TaskLayout of(Btf types) {
        int id = types.find("task_struct", BtfType.Composite.class);
        if (id <= 0 || !(types.type(id) instanceof BtfType.Composite struct)) {
            return null;
        }
        TaskLayout layout = new TaskLayout();
        layout.add(types, struct, 0);
        return layout;
    }

    /** Adds the members of a struct, and those of the structs without a name in it. */
    private void add(Btf types, BtfType.Composite struct, long base) {
        for (BtfType.Member member : struct.members()) {
            long offset = base + member.bitOffset() / Byte.SIZE;
            boolean isOpened = member.name().isEmpty() || member.name().equals(THREAD_INFO);
            if (isOpened && types.resolved(member.typeId()) instanceof BtfType.Composite inner) {
                add(types, inner, offset);
            } else if (member.bitSize() == 0) {
                fields.putIfAbsent(member.name(), new Field(offset, types.sizeOf(member.typeId())));
            }
        }
    }

    /** Writes the task of a CPU. */
    void write(Tasks tasks, Cpu cpu, int taskSize) {
        long task = tasks.address(cpu);
        number(task, "pid", tasks.pid(cpu), taskSize);
        number(task, "tgid", tasks.pid(cpu), taskSize);
        for (String priority : new String[] {"prio", "static_prio", "normal_prio"}) {
            number(task, priority, DEFAULT_PRIO, taskSize);
        }
        for (String place : new String[] {"cpu", "wake_cpu", "recent_used_cpu"}) {
            number(task, place, cpu.id(), taskSize);
        }
        number(task, "on_cpu", 1, taskSize);
        number(task, "group_leader", task, taskSize);
        number(task, "real_parent", tasks.first(), taskSize);
        number(task, "parent", tasks.first(), taskSize);
        Field comm = fields.get("comm");
        if (comm != null && comm.size > 0 && comm.offset + comm.size <= taskSize) {
            byte[] name = Arrays.copyOf(tasks.comm(cpu).getBytes(StandardCharsets.UTF_8), (int) comm.size);
            name[name.length - 1] = 0;
            GuestMemory.copyIn(name, 0, task + comm.offset, name.length);
        }
    }

    private void number(long task, String name, long value, int taskSize) {
        Field field = fields.get(name);
        if (field == null || field.offset + field.size > taskSize) {
            return;
        }
        if (field.size == Integer.BYTES) {
            GuestMemory.putInt(task + field.offset, (int) value);
        } else if (field.size == Long.BYTES) {
            GuestMemory.putLong(task + field.offset, value);
        }
    }
}
