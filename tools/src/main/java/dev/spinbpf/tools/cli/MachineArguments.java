package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.stress.ProgramWorkload;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code --cpus}, {@code --seed} and {@code --jit}, for commands that run one program at a time. */
final class MachineArguments {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "Emulated CPUs, 1 to 64 (default 1).")
    private int cpus;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of random numbers (default 1).")
    private long seed;

    @Mixin
    private final JitOption jit = new JitOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the command
    MachineArguments() {}

    /** Fails where there cannot be so many CPUs. */
    void check() {
        if (cpus < 1 || cpus > ProgramWorkload.MOST_CPUS) {
            throw new WrongUsage(command, "--cpus is " + cpus + "; it has to be 1 to " + ProgramWorkload.MOST_CPUS);
        }
    }

    int cpus() {
        return cpus;
    }

    MachineOptions options() {
        return MachineOptions.ofCpus(cpus).withSeed(seed).withJit(jit.mode());
    }
}
