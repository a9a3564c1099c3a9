package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts a program's functions one after the other and turns names into numbers.
 *
 * <p>A program begins with the functions written after it, in their order. To them are added the functions shared by
 * all programs that it calls, each before those that it calls itself, as libbpf does it.
 */
final class TextLinker {

    private static final Map<String, Integer> HELPERS = helpers();

    private final String fileName;
    private final List<String> lines;
    private final Diagnostics diagnostics;
    private final Map<String, FunctionDraft> sharedFunctions;
    private final Map<String, Integer> mapIndices = new HashMap<>();
    private final Map<String, Long> variables = new HashMap<>();
    private final Map<String, Integer> kfuncIndices = new HashMap<>();
    private final Map<String, Integer> ksymIndices = new HashMap<>();
    private long objectSlots;

    TextLinker(
            String fileName,
            List<String> lines,
            Diagnostics diagnostics,
            Map<String, FunctionDraft> sharedFunctions,
            List<MapDraft> maps,
            List<KfuncRef> kfuncs,
            List<KsymRef> ksyms,
            Btf btf) {
        this.fileName = fileName;
        this.lines = lines;
        this.diagnostics = diagnostics;
        this.sharedFunctions = sharedFunctions;
        for (int index = 0; index < maps.size(); index++) {
            String section = maps.get(index).section;
            mapIndices.put(maps.get(index).name, index);
            long map = index;
            maps.get(index)
                    .variables(btf)
                    .forEach(
                            (variable, offset) -> variables.putIfAbsent(variable, (long) offset << Integer.SIZE | map));
            if (section != null) {
                mapIndices.putIfAbsent(section, index);
            }
        }
        kfuncs.forEach(kfunc -> kfuncIndices.put(kfunc.name(), kfuncIndices.size()));
        ksyms.forEach(ksym -> ksymIndices.put(ksym.name(), ksymIndices.size()));
    }

    private static Map<String, Integer> helpers() {
        Map<String, Integer> numbers = new HashMap<>();
        HelperIds.all().forEach((number, name) -> numbers.put(name, number));
        return numbers;
    }

    /** The linked program, or null if it has mistakes, which are reported. */
    @Nullable
    Program link(ProgramDraft draft) {
        if (objectSlots > ProgramObject.MAX_SLOTS) {
            return null;
        }
        int before = diagnostics.count();
        Map<String, FunctionDraft> functions = functions(draft);
        Map<FunctionDraft, Integer> starts = new HashMap<>();
        List<Subprog> subprogs = new ArrayList<>();
        int start = 0;
        for (FunctionDraft function : functions.values()) {
            int end = start + function.slots.size();
            starts.put(function, start);
            subprogs.add(new Subprog(function.name, start, end, function.global, function.btfFuncId));
            if (start == end) {
                diagnostics.error(function.at, "'" + function.name + "' has no instructions");
            }
            start = end;
        }
        objectSlots += start;
        if (start > KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS || objectSlots > ProgramObject.MAX_SLOTS) {
            diagnostics.error(draft.at, "'" + draft.name + "' has too many instructions: " + start);
        }
        if (diagnostics.count() > before) {
            return null;
        }
        List<Insn> insns = new ArrayList<>(start);
        List<LineInfo> lineInfos = new ArrayList<>();
        for (FunctionDraft function : functions.values()) {
            for (SourceInsn source : function.slots) {
                if (source.insn().op() != Op.LDDW_HI) {
                    lineInfos.add(lineInfo(insns.size(), source.at()));
                }
                insns.add(resolve(source, insns.size(), function, functions, starts));
            }
        }
        return new Program(
                draft.name,
                draft.section,
                draft.type,
                draft.attachType,
                draft.attachTarget,
                draft.sleepable,
                draft.autoload,
                List.copyOf(insns),
                List.copyOf(subprogs),
                List.copyOf(lineInfos));
    }

    private LineInfo lineInfo(int slot, Span at) {
        return new LineInfo(
                slot, fileName, at.line(), at.column(), lines.get(at.line() - 1).strip());
    }

    /** The program's own functions, then the shared ones that it reaches. */
    private Map<String, FunctionDraft> functions(ProgramDraft draft) {
        Map<String, FunctionDraft> functions = new LinkedHashMap<>(draft.functions);
        for (FunctionDraft own : draft.functions.values()) {
            Deque<Cursor> callers = new ArrayDeque<>();
            callers.push(new Cursor(own));
            while (!callers.isEmpty()) {
                FunctionDraft callee = callers.getFirst().next(functions);
                if (callee == null) {
                    callers.pop();
                } else {
                    functions.put(callee.name, callee);
                    callers.push(new Cursor(callee));
                }
            }
        }
        return functions;
    }

    /** Goes through the shared functions that a function refers to. */
    private final class Cursor {
        private final FunctionDraft function;
        private int slot;

        Cursor(FunctionDraft function) {
            this.function = function;
        }

        /** The next one that is not among the known ones, or null. */
        @Nullable
        FunctionDraft next(Map<String, FunctionDraft> known) {
            while (slot < function.slots.size()) {
                SymbolRef reference = function.slots.get(slot++).reference();
                FunctionDraft target =
                        switch (reference) {
                            case SymbolRef.Callee callee -> sharedFunctions.get(callee.name());
                            case SymbolRef.FunctionAddress address -> sharedFunctions.get(address.name());
                            case null, default -> null;
                        };
                if (target != null && !known.containsKey(target.name)) {
                    return target;
                }
            }
            return null;
        }
    }

    private Insn resolve(
            SourceInsn source,
            int slot,
            FunctionDraft function,
            Map<String, FunctionDraft> functions,
            Map<FunctionDraft, Integer> starts) {
        Insn insn = source.insn();
        return switch (source.reference()) {
            case null -> insn;
            case SymbolRef.Label label -> {
                Integer target = function.labels.get(label.name());
                yield target == null
                        ? unknown(source, "label")
                        : jump(source, target - (slot - starts.getOrDefault(function, 0)) - 1);
            }
            case SymbolRef.Callee callee -> call(source, slot, functions.get(callee.name()), starts);
            case SymbolRef.FunctionAddress address -> {
                FunctionDraft target = functions.get(address.name());
                yield target == null
                        ? unknown(source, "function")
                        : withImm(insn, Integer.toUnsignedLong(starts.getOrDefault(target, 0) - slot - 1));
            }
            case SymbolRef.MapAddress map -> {
                Integer index = mapIndices.get(map.name());
                yield index == null ? unknown(source, "map") : withImm(insn, insn.imm() | index);
            }
            case SymbolRef.Variable variable -> {
                Long place = variables.get(variable.name());
                yield place == null ? unknown(source, "variable") : withImm(insn, place);
            }
            case SymbolRef.Ksym ksym -> {
                Integer index = ksymIndices.get(ksym.name());
                yield index == null ? unknown(source, "kernel symbol") : withImm(insn, index);
            }
        };
    }

    private Insn jump(SourceInsn source, int distance) {
        Insn insn = source.insn();
        if (insn.op() == Op.JA32) {
            return withImm(insn, distance);
        }
        if (distance != (short) distance) {
            diagnostics.error(
                    source.referenceAt(), "the label is " + distance + " slots away: only gotol reaches so far");
        }
        return new Insn(insn.op(), insn.dst(), insn.src(), distance, insn.imm());
    }

    private Insn call(SourceInsn source, int slot, @Nullable FunctionDraft target, Map<FunctionDraft, Integer> starts) {
        if (target != null) {
            return new Insn(Op.CALL_SUBPROG, 0, 0, 0, starts.getOrDefault(target, 0) - slot - 1);
        }
        SymbolRef callee = source.reference();
        String name = callee == null ? "" : callee.name();
        Integer kfunc = kfuncIndices.get(name);
        if (kfunc != null) {
            return new Insn(Op.CALL_KFUNC, 0, 0, 0, kfunc);
        }
        Integer helper = HELPERS.get(name);
        if (helper != null) {
            return withImm(source.insn(), helper);
        }
        diagnostics.error(
                source.referenceAt(),
                "'" + name + "' is no helper and no function of this file; a kernel function wants a line '.kfunc "
                        + name + "'");
        return source.insn();
    }

    private Insn unknown(SourceInsn source, String what) {
        SymbolRef reference = source.reference();
        diagnostics.error(
                source.referenceAt(), "there is no " + what + " '" + (reference == null ? "" : reference.name()) + "'");
        return source.insn();
    }

    private static Insn withImm(Insn insn, long imm) {
        return new Insn(insn.op(), insn.dst(), insn.src(), insn.off(), imm);
    }
}
