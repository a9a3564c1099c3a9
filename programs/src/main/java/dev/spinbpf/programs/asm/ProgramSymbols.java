package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.isa.Op.Kind;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operands as the assembler reads them: names of labels, functions, maps and kernel symbols where a name leads back to
 * the same number, else the number.
 */
final class ProgramSymbols implements Symbols {
    private final Program program;
    private final Map<Integer, String> functions = new HashMap<>();
    private final Set<String> functionNames = new HashSet<>();
    private final int[] functionStarts;
    private final Set<Integer> targets = new HashSet<>();
    private final Names maps;
    private final Names kfuncs;
    private final Names ksyms;

    ProgramSymbols(ProgramObject object, Program program) {
        this.program = program;
        maps = new Names(object.maps().stream().map(map -> map.name()).toList());
        kfuncs = new Names(object.kfuncs().stream().map(kfunc -> kfunc.name()).toList());
        ksyms = new Names(object.ksyms().stream().map(ksym -> ksym.name()).toList());
        functionStarts = new int[program.insns().size()];
        for (Subprog subprog : program.subprogs()) {
            String name = subprog.start() == 0 ? program.name() : subprog.name();
            String unique = name;
            for (int number = 2; !functionNames.add(unique); number++) {
                unique = name + "." + number;
            }
            functions.put(subprog.start(), unique);
            Arrays.fill(functionStarts, subprog.start(), subprog.end(), subprog.start());
        }
        findTargets();
    }

    private void findTargets() {
        List<Insn> insns = program.insns();
        for (Subprog subprog : program.subprogs()) {
            for (int slot = subprog.start(); slot < subprog.end(); slot++) {
                Insn insn = insns.get(slot);
                int target = slot + 1 + insn.jumpOffset();
                boolean within = target >= subprog.start() && target < subprog.end();
                if (jumps(insn) && within && insns.get(target).op() != Op.LDDW_HI) {
                    targets.add(target);
                }
            }
        }
    }

    private static boolean jumps(Insn insn) {
        Kind kind = insn.op().kind();
        return kind == Kind.JA || kind == Kind.JCC || kind == Kind.MAY_GOTO;
    }

    /** The label before the slot, or null if nothing jumps there. */
    @Nullable
    String label(int slot) {
        return targets.contains(slot) ? "L" + slot : null;
    }

    /** The name of the function that starts at the slot: unique within the program. */
    String function(Subprog subprog) {
        return functions.getOrDefault(subprog.start(), subprog.name());
    }

    @Override
    public String jumpTarget(int slot, Insn insn) {
        int target = slot + 1 + insn.jumpOffset();
        String label = label(target);
        boolean same = label != null && functionStarts[slot] == functionStarts[target];
        return label != null && same ? label : LogSymbols.relative(insn.jumpOffset());
    }

    @Override
    public String wideImmediate(int slot, Insn insn) {
        int lower = insn.immLow();
        int upper = insn.immHigh();
        return switch (insn.op()) {
            case LDDW_MAP_FD -> map(lower);
            case LDDW_MAP_VALUE -> map(lower) + "[0]+" + upper;
            case LDDW_MAP_IDX -> "map[idx:" + lower + "]";
            case LDDW_MAP_IDX_VALUE -> "map[idx:" + lower + "]+" + upper;
            case LDDW_FUNC -> functionAddress(slot, lower, upper);
            case LDDW_BTF_ID -> {
                String name = upper == 0 ? ksyms.name(lower) : null;
                yield name == null ? "btf[" + lower + ", " + upper + "]" : "ksym[" + Literals.name(name) + "]";
            }
            default -> "0x" + Long.toHexString(insn.imm()) + " ll";
        };
    }

    private String map(int index) {
        String name = maps.name(index);
        return name == null ? "map[id:" + index + "]" : "map[" + Literals.name(name) + "]";
    }

    private String functionAddress(int slot, int distance, int upper) {
        String name = upper == 0 ? functions.get(slot + 1 + distance) : null;
        if (name != null) {
            return "subprog[" + Literals.name(name) + "]";
        }
        return "subprog[" + Disassembler.signed(distance) + (upper == 0 ? "" : ", " + upper) + "]";
    }

    @Override
    public String callee(int slot, Insn insn) {
        int number = insn.immLow();
        if (insn.op() == Op.CALL_SUBPROG) {
            String name = functions.get(slot + 1 + number);
            return name == null ? LogSymbols.relative(number) : Literals.name(name);
        }
        if (insn.op() == Op.CALL_HELPER) {
            String name = HelperIds.name(number);
            return (name == null ? "unknown" : name) + "#" + number;
        }
        String name = insn.off() == 0 ? kfuncs.name(number) : null;
        if (name != null && !functionNames.contains(name)) {
            return Literals.name(name);
        }
        return "kfunc[" + number + (insn.off() == 0 ? "" : ", " + insn.off()) + "]";
    }

    /** A table's names: an index has a name if no other index has it too. */
    private record Names(List<String> names, Map<String, Integer> indices) {
        Names(List<String> names) {
            this(names, new HashMap<>());
            for (int index = names.size() - 1; index >= 0; index--) {
                indices.put(names.get(index), index);
            }
        }

        @Nullable
        String name(int index) {
            boolean known =
                    index >= 0 && index < names.size() && Integer.valueOf(index).equals(indices.get(names.get(index)));
            return known ? names.get(index) : null;
        }
    }
}
