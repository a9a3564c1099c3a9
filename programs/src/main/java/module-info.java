/**
 * BPF programs: the kernel's ABI as values, instructions, types, object files and programs as text.
 *
 * <p>Closed: the parsers that are generated from the grammars of the assembler and of promises.
 */
module dev.spinbpf.programs {
    requires static transitive org.jspecify;
    requires org.antlr.antlr4.runtime;

    exports dev.spinbpf.programs.asm;
    exports dev.spinbpf.programs.btf;
    exports dev.spinbpf.programs.elf;
    exports dev.spinbpf.programs.isa;
    exports dev.spinbpf.programs.linux;
    exports dev.spinbpf.programs.model;
    exports dev.spinbpf.programs.promise;
}
