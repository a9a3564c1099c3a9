package dev.spinbpf.programs.btf;

/**
 * Bounds the work that the relocations of one file may take. Types that contain each other many times over would
 * otherwise be compared for ever.
 */
final class CoreBudget {
    /** Comparisons of a type or member; a large program against a kernel's types takes less than a tenth. */
    private static final int MAX_STEPS = 20_000_000;

    private int steps;

    void spend() throws CoreException {
        spend(1);
    }

    void spend(int count) throws CoreException {
        steps += count;
        if (steps > MAX_STEPS) {
            throw new CoreException("the relocations of the file take more than " + MAX_STEPS + " comparisons");
        }
    }
}
