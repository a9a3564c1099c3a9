package dev.spinbpf.programs.btf;

/** Type information that is not what it should be. */
public final class BtfFormatException extends Exception {
    private static final long serialVersionUID = 1L;

    private final long offset;

    /**
     * @param offset offset in bytes within the section
     * @param reason what is wrong, with the value found and what was expected
     */
    public BtfFormatException(long offset, String reason) {
        super(reason);
        this.offset = offset;
    }

    /** Offset in bytes within the section. */
    public long offset() {
        return offset;
    }
}
