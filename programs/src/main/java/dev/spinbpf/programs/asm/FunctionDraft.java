package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A function while its lines are read: one element for each slot, with names still to be resolved. */
final class FunctionDraft {
    final String name;
    final Span at;
    final boolean global;
    final @Nullable List<Parameter> signature;
    int btfFuncId;
    final List<SourceInsn> slots = new ArrayList<>();
    final Map<String, Integer> labels = new HashMap<>();

    FunctionDraft(String name, Span at, boolean global, @Nullable List<Parameter> signature) {
        this.name = name;
        this.at = at;
        this.global = global;
        this.signature = signature;
    }

    void add(SourceInsn insn) {
        slots.add(insn);
        if (insn.insn().slots() > 1) {
            slots.add(new SourceInsn(Insn.LDDW_SECOND_SLOT, null, insn.at(), insn.at()));
        }
    }

    /**
     * A parameter of a function.
     *
     * @param type a number's type, the name of a struct that is pointed to, or {@code u8} for memory
     * @param pointsTo the target of a pointer, null for a number
     * @param bytes size of the memory
     */
    record Parameter(String type, @Nullable Pointee pointsTo, int bytes, boolean nonNull) {}

    /** The kinds of memory that a pointer points to. */
    enum Pointee {
        STRUCT,
        MEMORY
    }
}
