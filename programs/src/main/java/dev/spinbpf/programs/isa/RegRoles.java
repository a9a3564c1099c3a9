package dev.spinbpf.programs.isa;

/**
 * Sets of registers as an operation names them, a bit each: fixed registers by their number, and those of the fields.
 */
final class RegRoles {
    static final int NONE = 0;
    static final int R0 = 1;
    static final int R6 = 1 << 6;
    /** r1 to r5. */
    static final int ARGS = 0b11_1110;
    /** r0 to r5. */
    static final int CALLER_SAVED = 0b11_1111;
    /** The register in the destination field. */
    static final int DST = 1 << 16;
    /** The register in the source field, where the second operand is one. */
    static final int SRC = 1 << 17;

    private static final int FIXED = 0xffff;

    private RegRoles() {}

    /** Returns the set with the fields' registers put in: bit n is rn. */
    static int resolve(int roles, int dst, int src) {
        int fromDst = (roles & DST) != 0 ? 1 << dst : 0;
        int fromSrc = (roles & SRC) != 0 ? 1 << src : 0;
        return (roles & FIXED) | fromDst | fromSrc;
    }
}
