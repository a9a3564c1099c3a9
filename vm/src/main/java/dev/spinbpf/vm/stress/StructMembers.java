package dev.spinbpf.vm.stress;

import dev.spinbpf.vm.context.LoadedProgram;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The programs of a struct of functions, by member. CPUs read it while any thread changes it. */
final class StructMembers {
    private volatile Map<String, LoadedProgram> byName = Map.of();

    synchronized boolean add(String member, LoadedProgram program) {
        Map<String, LoadedProgram> copy = new HashMap<>(byName);
        boolean isNew = copy.putIfAbsent(member, program) == null;
        byName = Map.copyOf(copy);
        return isNew;
    }

    synchronized void remove(LoadedProgram program) {
        Map<String, LoadedProgram> copy = new HashMap<>(byName);
        copy.values().removeIf(member -> member == program);
        byName = Map.copyOf(copy);
    }

    @Nullable
    LoadedProgram get(String member) {
        return byName.get(member);
    }
}
