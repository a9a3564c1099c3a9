package dev.spinbpf.vm.helper;

import dev.spinbpf.vm.exec.Code;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Programs by handle, for program arrays. Handles start at 1. */
public final class ProgramTable {
    private volatile List<@Nullable Code> programs = List.of();

    ProgramTable() {}

    /** Adds a program and returns its handle. */
    public synchronized int add(Code program) {
        List<@Nullable Code> copy = new ArrayList<>(programs);
        copy.add(program);
        programs = copy;
        return copy.size();
    }

    /** Forgets a program; its handle is not used again. */
    public synchronized void remove(int handle) {
        List<@Nullable Code> copy = new ArrayList<>(programs);
        copy.set(handle - 1, null);
        programs = copy;
    }

    /** The handle of a program; 0 where it has none. */
    long handleOf(Code program) {
        List<@Nullable Code> current = programs;
        for (int i = 0; i < current.size(); i++) {
            if (current.get(i) == program) {
                return i + 1L;
            }
        }
        return 0;
    }

    /** The program with that handle, or null. */
    public @Nullable Code get(long handle) {
        List<@Nullable Code> current = programs;
        return handle > 0 && handle <= current.size() ? current.get((int) handle - 1) : null;
    }
}
