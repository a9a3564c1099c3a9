package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.Arrays;
import java.util.List;

/** The calls of a struct about an object (a socket, a queue), of which each CPU has one. */
final class StructLife implements StructEvents {
    private static final int NOT_BEGUN = -1;

    private final StructCalls calls;
    private final StructMembers members = new StructMembers();
    private final CpuContext[] contexts;
    private final int[] nextByCpu;

    /**
     * @param calls the order of the members
     * @param contexts those of the CPUs
     */
    StructLife(StructCalls calls, CpuContext[] contexts) {
        this.calls = calls;
        this.contexts = contexts;
        nextByCpu = new int[contexts.length];
        Arrays.fill(nextByCpu, NOT_BEGUN);
    }

    @Override
    public boolean add(String member, LoadedProgram program) {
        boolean isKnown = calls.begin().contains(member)
                || calls.repeated().contains(member)
                || calls.end().contains(member);
        return isKnown && members.add(member, program);
    }

    @Override
    public void remove(LoadedProgram program) {
        members.remove(program);
    }

    @Override
    public boolean schedules() {
        return false;
    }

    @Override
    public boolean step(Cpu cpu) {
        int next = nextByCpu[cpu.id()];
        if (next == NOT_BEGUN) {
            nextByCpu[cpu.id()] = 0;
            return call(cpu, calls.begin());
        }
        boolean called = false;
        for (int tried = 0; !called && tried < calls.repeated().size(); tried++) {
            called = call(cpu, calls.repeated().subList(next, next + 1));
            next = (next + 1) % calls.repeated().size();
        }
        nextByCpu[cpu.id()] = next;
        return called;
    }

    private boolean call(Cpu cpu, List<String> names) {
        boolean called = false;
        for (String name : names) {
            LoadedProgram program = members.get(name);
            if (program != null) {
                CpuContext context = contexts[cpu.id()];
                if (context.hasRoom(program)) {
                    context.run(program, context.event(program, List.of(), name, false));
                }
                called = true;
            }
        }
        return called;
    }

    @Override
    public void end(Cpu cpu) {
        for (int next : nextByCpu) {
            if (next != NOT_BEGUN) {
                call(cpu, calls.end());
            }
        }
    }
}
