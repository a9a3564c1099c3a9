package dev.spinbpf.programs.asm;

/** A name in an operand; it becomes a number when the program is linked. */
sealed interface SymbolRef {
    String name();

    /** The target of a jump: a label of the same function. */
    record Label(String name) implements SymbolRef {}

    /** The function that is called: one of the text's, a kfunc or a helper. */
    record Callee(String name) implements SymbolRef {}

    /** The address of a function of the text. */
    record FunctionAddress(String name) implements SymbolRef {}

    /** A map, by its name or by the name of the section that it holds. */
    record MapAddress(String name) implements SymbolRef {}

    /** A variable in a section of global data. */
    record Variable(String name) implements SymbolRef {}

    /** A kernel symbol declared with {@code .ksym}. */
    record Ksym(String name) implements SymbolRef {}
}
