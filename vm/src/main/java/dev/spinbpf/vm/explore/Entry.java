package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTarget;

/**
 * A program that an event runs.
 *
 * @param level the level at which its events come
 * @param cpus where they come
 */
record Entry(LoadedProgram program, HookTarget target, ContextLevel level, CpuSet cpus) {
    String name() {
        return program.name();
    }
}
