package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.memory.GuestMemory;
import java.lang.invoke.MethodHandles;
import java.util.List;

/** The machine code of a program: a hidden class, so that it goes with the program. */
public interface MachineCode {
    /** Most instructions between two polls. */
    int SLICE = 1024;

    /**
     * Runs a function to its exit.
     *
     * @param start the index at which the function starts
     * @param framePointer r10
     * @return r0
     */
    long call(Execution run, int start, long r1, long r2, long r3, long r4, long r5, long framePointer);

    /**
     * Returns true where the code reaches guest addresses of 32 bits only; it may not run once {@link
     * dev.spinbpf.maps.memory.GuestMemory#isWide() others} were handed out.
     */
    boolean isNarrow();

    /** Returns true for the start of a function that {@link #call} runs; the others are for the interpreter. */
    default boolean takes(int start) {
        return true;
    }

    /** Returns true where {@link #call} may run the function that starts there now. */
    default boolean mayRun(int start) {
        return takes(start) && !(GuestMemory.isWide() && isNarrow());
    }

    /**
     * Returns the most instructions between two polls. A function polls at its start and backward jumps, in some loops at each fourth
     * one.
     *
     * @param insns instructions of the program
     */
    default int mostBetweenPolls(int insns) {
        return 8 * insns;
    }

    /**
     * Defines a class of this package, out of the reach of any other, and makes its only instance.
     *
     * @param classFile a class that implements this interface and has a constructor without parameters
     * @param classData the constants that it loads by {@link MethodHandles#classDataAt}
     * @throws LinkageError where the JVM refuses the class
     */
    static MachineCode define(byte[] classFile, List<Object> classData) {
        return define(MachineCode.class, classFile, classData);
    }

    /** The same for a class that implements another interface. */
    static <T> T define(Class<T> type, byte[] classFile, List<Object> classData) {
        try {
            MethodHandles.Lookup defined =
                    MethodHandles.lookup().defineHiddenClassWithClassData(classFile, List.copyOf(classData), true);
            return type.cast(defined.lookupClass().getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a compiled program has no constructor", e);
        }
    }
}
