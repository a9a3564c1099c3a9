package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.BtfExt;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.LineInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Types of functions and source lines, by section and slot. */
final class CodeInfo {
    private final LoadedTypes types;
    private final Map<String, Map<Long, Integer>> functionTypes = new HashMap<>();
    private final Map<String, NavigableMap<Long, BtfExt.Line>> lines = new HashMap<>();
    private final Map<Integer, String> strings = new HashMap<>();

    CodeInfo(LoadedTypes types) {
        this.types = types;
        for (BtfExt.Func function : types.ext.functions()) {
            boolean known = function.typeId() > 0
                    && function.typeId() < types.original.size()
                    && types.original.type(function.typeId()) instanceof BtfType.Func;
            if (known) {
                functionTypes
                        .computeIfAbsent(function.section(), key -> new HashMap<>())
                        .put(function.insnOffset() / RawInsn.BYTES, function.typeId());
            }
        }
        for (BtfExt.Line line : types.ext.lines()) {
            lines.computeIfAbsent(line.section(), key -> new TreeMap<>()).put(line.insnOffset() / RawInsn.BYTES, line);
        }
    }

    /** Id of the function's FUNC type, or 0. */
    int typeOf(Function function) {
        Map<Long, Integer> ofSection = functionTypes.getOrDefault(function.section.name(), Map.of());
        return ofSection.getOrDefault((long) function.start, 0);
    }

    /** Returns true if the kernel verifies the function by its prototype alone. */
    boolean isGlobal(Function function) {
        return types.type(typeOf(function)) instanceof BtfType.Func type && type.linkage() == BtfType.Linkage.GLOBAL;
    }

    /**
     * Source lines of a function.
     *
     * @param base the slot that the function starts at in its program
     */
    List<LineInfo> linesOf(Function function, int base) {
        NavigableMap<Long, BtfExt.Line> ofSection = lines.get(function.section.name());
        if (ofSection == null) {
            return List.of();
        }
        long start = function.start;
        List<LineInfo> found = new ArrayList<>();
        ofSection.subMap(start, start + function.code.length).forEach((slot, line) -> {
            int insn = base + (int) (slot - start);
            found.add(new LineInfo(
                    insn, string(line.fileOffset()), line.line(), line.column(), string(line.textOffset())));
        });
        return found;
    }

    private String string(int offset) {
        return strings.computeIfAbsent(offset, types::string);
    }
}
