package dev.spinbpf.vm.deferred;

import dev.spinbpf.vm.exec.Code;

/** Runs the callback of a deferred call, on the CPU and at the level at which it is due. */
@FunctionalInterface
public interface CallbackRunner {
    /**
     * Runs a function of a program.
     *
     * @param function its address, as the program passed it
     * @param map address of the map
     * @param key address of the element's key
     * @param value address of the element's value
     */
    void run(Code code, long function, long map, long key, long value);
}
