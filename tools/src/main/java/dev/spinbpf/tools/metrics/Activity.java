package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTarget;
import dev.spinbpf.vm.stress.ModeDriver;
import dev.spinbpf.vm.stress.StressDriver;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A machine at work, as metrics see it: its own counters, read when metrics are asked for. Two are the same machine
 * where their {@code locks} are the same.
 *
 * @param cpus its CPUs
 * @param locks what is counted about its locks
 * @param programs gives the programs that are attached, with their hooks; none in a run without programs
 * @param loaded gives the programs that are loaded, attached or not
 * @param maps gives its maps
 * @param objectOfMap gives the file name of the object that a map belongs to, by the map's id; empty for none
 * @param violations gives how often something happened that must not
 */
public record Activity(
        Cpus cpus,
        LockStats locks,
        Supplier<Map<LoadedProgram, HookTarget>> programs,
        Supplier<List<LoadedProgram>> loaded,
        Supplier<List<BpfMap>> maps,
        IntFunction<String> objectOfMap,
        LongSupplier violations) {

    /** Of a run of programs. */
    public static Activity of(StressDriver driver) {
        Machine machine = driver.machine();
        return new Activity(
                machine.cpus(),
                machine.lockStats(),
                driver::attached,
                machine::programs,
                machine::maps,
                machine::objectOfMap,
                driver::stuckCount);
    }

    /** Of a run without programs. */
    public static Activity of(ModeDriver driver) {
        return new Activity(
                driver.cpus(), driver.lockStats(), Map::of, List::of, List::of, id -> "", driver::violationCount);
    }
}
