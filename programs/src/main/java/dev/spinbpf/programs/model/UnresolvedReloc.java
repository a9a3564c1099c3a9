package dev.spinbpf.programs.model;

/**
 * An instruction that asks for something that the kernel's types do not have (CO-RE). It is replaced by a call of a helper that
 * does not exist, so that the program is refused if it can get there.
 *
 * @param function the function that holds the instruction
 * @param insn its slot within the function
 * @param description what was asked for, in libbpf's words: kind of relocation, type, path
 */
public record UnresolvedReloc(String function, int insn, String description) {
    /** Number of the helper that stands for it: libbpf's {@code 0xbad2310}. */
    public static final int HELPER = 0xbad2310;
}
