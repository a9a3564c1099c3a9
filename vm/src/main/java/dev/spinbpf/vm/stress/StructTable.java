package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The structs of functions of a stress run. A program for a member takes part in the struct's calls unless it was given
 * events of its own, by level, rate or CPUs.
 */
final class StructTable {
    private final Machine machine;
    private final EventTable events;
    private final long seed;
    private final BooleanSupplier stopping;
    private final Map<Key, StructEvents> structs = new LinkedHashMap<>();

    private record Key(ProgramObject object, String struct) {}

    StructTable(Machine machine, EventTable events, long seed, BooleanSupplier stopping) {
        this.machine = machine;
        this.events = events;
        this.seed = seed;
        this.stopping = stopping;
    }

    /** Adds a program to the struct that it is for; false where it is for none whose calls are known. */
    synchronized boolean add(LoadedProgram program, HookTarget target, ProgramWorkload.Attachment how) {
        Program own = program.program();
        boolean isMember =
                own.type() == ProgType.STRUCT_OPS && !own.structName().isEmpty();
        boolean isOwnWay =
                how.level() != null || how.pacing().isPaced() || !how.cpus().equals(CpuSet.ALL);
        if (!isMember || isOwnWay || target.isInside()) {
            return false;
        }
        StructEvents found = find(new Key(program.code().object(), own.structName()));
        return found != null && found.add(own.memberName(), program);
    }

    private @Nullable StructEvents find(Key key) {
        StructEvents known = structs.get(key);
        if (known != null) {
            return known;
        }
        StructEvents made = make(key.struct);
        if (made != null) {
            structs.put(key, made);
            events.add(made);
        }
        return made;
    }

    private @Nullable StructEvents make(String struct) {
        if (struct.equals(SchedulerEvents.STRUCT)) {
            boolean isFirst = structs.keySet().stream().noneMatch(key -> key.struct.equals(struct));
            return isFirst ? new SchedulerEvents(machine, seed, stopping) : null;
        }
        StructCalls calls = StructCalls.of(struct);
        if (calls == null) {
            return null;
        }
        CpuContext[] contexts = machine.cpus().all().stream()
                .map(cpu -> machine.context(cpu.id()))
                .toArray(CpuContext[]::new);
        return new StructLife(calls, contexts);
    }

    /** Makes the last calls of all structs, when no CPU runs. */
    void end() {
        Cpu first = machine.cpus().get(0);
        structs.values().forEach(struct -> struct.end(first));
    }
}
