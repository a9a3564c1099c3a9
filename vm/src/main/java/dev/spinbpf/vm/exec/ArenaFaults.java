package dev.spinbpf.vm.exec;

/** Reports accesses to pages of an arena that are not there. */
@FunctionalInterface
public interface ArenaFaults {
    /**
     * Reports one; the program goes on afterwards.
     *
     * @param run the run, at the instruction that does it
     * @param writes true for stores and atomic operations
     * @param address in user space
     */
    void report(Execution run, boolean writes, long address);
}
