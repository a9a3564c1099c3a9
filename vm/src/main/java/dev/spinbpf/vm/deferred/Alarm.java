package dev.spinbpf.vm.deferred;

import dev.spinbpf.maps.cpu.Cpu;

/** Makes a CPU look at its timers in time. */
@FunctionalInterface
public interface Alarm {
    /** Nobody watches the time; whoever runs a CPU looks when it suits. */
    Alarm NONE = (cpu, atNanos) -> {};

    /**
     * A timer was started that is due before all others of its CPU. Called on any CPU's thread, which must not wait.
     *
     * @param atNanos the moment on the machine's clock
     */
    void set(Cpu cpu, long atNanos);
}
