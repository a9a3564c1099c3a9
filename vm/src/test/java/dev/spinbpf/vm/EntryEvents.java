package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookRegistry;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.function.Predicate;

/** Events at entry hooks that a test makes itself, each at the CPU's present level. */
final class EntryEvents {
    private static final byte[] NO_PACKET = {};

    private EntryEvents() {}

    /** A packet arrives. */
    static void packet(Machine machine, Cpu cpu, byte[] bytes) {
        fire(machine, cpu, target -> target.kind() == HookTarget.Kind.PACKET, bytes);
    }

    /** A counter overflows. */
    static void perfEvent(Machine machine, Cpu cpu) {
        fire(machine, cpu, target -> target.kind() == HookTarget.Kind.PERF_EVENT, NO_PACKET);
    }

    /** All functions and tracepoints of the CPU's level are reached, with arguments of zero. */
    static void named(Machine machine, Cpu cpu) {
        fire(machine, cpu, target -> isNamed(target) && target.level() == cpu.level(), NO_PACKET);
    }

    private static boolean isNamed(HookTarget target) {
        return target.kind() == HookTarget.Kind.TRACEPOINT || target.kind() == HookTarget.Kind.FUNCTION;
    }

    private static void fire(Machine machine, Cpu cpu, Predicate<HookTarget> targets, byte[] packet) {
        for (LoadedProgram program : machine.programs()) {
            machine.hooks().targetsOf(program).stream()
                    .filter(targets)
                    .forEach(target -> HookRegistry.run(cpu, program, target, packet));
        }
    }
}
