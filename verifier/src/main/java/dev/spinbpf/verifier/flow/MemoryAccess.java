package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegState;

/** Access to memory through a pointer, as far as calls of helpers and kernel functions need it. */
public interface MemoryAccess {
    /**
     * Linux's {@code check_mem_access} without a register that is stored or loaded: what is written becomes unknown.
     *
     * @param name how messages call the pointer, such as {@code R2}
     * @param off offset in bytes from where the pointer points to
     */
    void checkAccess(
            Exploration path, int insnIndex, RegState pointer, String name, int off, int sizeBytes, boolean write);

    /**
     * Linux's {@code check_stack_access_within_bounds}: refuses accesses outside of the stack, and makes it large
     * enough.
     */
    void checkStackBounds(Exploration path, RegState pointer, String name, int off, int sizeBytes, boolean write);

    /** Linux's {@code check_ptr_to_btf_access} for memory that a helper accesses. */
    void checkBtfAccess(Exploration path, RegState pointer, String name, int off, int sizeBytes, boolean write);

    /** Linux's {@code check_ptr_alignment}. */
    void checkAlignment(Exploration path, RegState pointer, int off, int sizeBytes, boolean strict);
}
