package dev.spinbpf.verifier.flow;

/** The values that a program may return: Linux's {@code check_return_code}. */
public interface ReturnCodes {
    /**
     * Refuses the program if r0 (or what is thrown) is not a value that its kind may return.
     *
     * @param regno the register, 0 or 1
     * @param registerName how messages call it, such as {@code R0}
     */
    void checkReturnCode(Exploration path, int regno, String registerName);
}
