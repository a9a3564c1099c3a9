package dev.spinbpf.vm.jit;

/** Ways in which compiled code keeps its plain loads and stores within guest memory. */
public enum AccessMode {
    /**
     * The lower 32 bits of an address are an offset into a reserved range, whatever the upper ones are; no access
     * raises an exception. Only right while all addresses have 32 bits, and for a program that the verifier accepted.
     */
    MASKED,
    /** Each access is checked; an address that does not exist is a fault, as in the interpreter. */
    CHECKED
}
