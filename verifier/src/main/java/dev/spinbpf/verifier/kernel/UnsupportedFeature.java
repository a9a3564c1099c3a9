package dev.spinbpf.verifier.kernel;

/**
 * Ends a verification: the program uses something of which this verifier cannot say what Linux would do. Control flow inside
 * the verifier only; its entry point turns it into a verdict.
 */
public final class UnsupportedFeature extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param what the thing, by name and number, as in {@code helper bpf_xyz#123 is not supported} */
    public UnsupportedFeature(String what) {
        super(what, null, false, false);
    }

    /** The thing, by name. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
