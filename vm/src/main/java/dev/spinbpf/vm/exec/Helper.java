package dev.spinbpf.vm.exec;

/** The implementation of a helper or a kfunc. */
@FunctionalInterface
public interface Helper {
    /**
     * Runs the function on the execution's CPU.
     *
     * @param run the program run that calls
     * @return what goes to r0: a value, an address, or a negative errno as the ABI says
     */
    long call(Execution run, long arg1, long arg2, long arg3, long arg4, long arg5);

    /**
     * Returns the same function for a call whose first argument is probably always the map at an address, so that compiled
     * code has the map as a constant. With another first argument it does the same as this one.
     */
    default Helper forMap(long address) {
        return this;
    }

    /**
     * Returns the same function for a call whose first argument is probably always this address of a value in a map, as
     * that of a global variable is. With another first argument it does the same as this one.
     */
    default Helper forValue(long address) {
        return this;
    }
}
