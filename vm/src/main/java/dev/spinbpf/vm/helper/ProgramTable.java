package dev.spinbpf.vm.helper;

import dev.spinbpf.vm.exec.Code;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Programs by handle, for program arrays. Handles start at 1. */
public final class ProgramTable {
    private volatile List<Code> programs = List.of();

    ProgramTable() {}

    /** Adds a program and returns its handle. */
    public synchronized int add(Code program) {
        List<Code> copy = new ArrayList<>(programs);
        copy.add(program);
        programs = copy;
        return copy.size();
    }

    /** The program with that handle, or null. */
    public @Nullable Code get(long handle) {
        List<Code> current = programs;
        return handle > 0 && handle <= current.size() ? current.get((int) handle - 1) : null;
    }
}
