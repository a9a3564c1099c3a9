package dev.spinbpf.programs.elf;

/**
 * A relocation: the value that the linker puts into one instruction. Symbol offsets are in bytes within the symbol's
 * section.
 */
sealed interface CodeReloc {
    /** Call of a function in {@code .text}. */
    record Call(long symbolOffset) implements CodeReloc {}

    /** Address of a function in {@code .text}. */
    record FunctionAddress(long symbolOffset) implements CodeReloc {}

    /** A map. */
    record MapAddress(int mapIndex) implements CodeReloc {}

    /** A global variable: a place in the value of a map of global data. */
    record DataAddress(int mapIndex, long symbolOffset) implements CodeReloc {}

    /** Address of something that the object does not define. */
    record ExternAddress(Extern extern) implements CodeReloc {}

    /** Call of a kernel function. */
    record ExternCall(Extern extern) implements CodeReloc {}

    /** A table of jump targets. */
    record JumpTable(long symbolOffset, long sizeBytes) implements CodeReloc {}
}
