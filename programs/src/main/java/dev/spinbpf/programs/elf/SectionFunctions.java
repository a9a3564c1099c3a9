package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.model.MalformedObjectException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The functions of a file, by section and place. */
final class SectionFunctions {
    private static final String TEXT = ".text";

    private final ElfFile elf;
    private final Map<Integer, NavigableMap<Integer, Function>> bySection = new HashMap<>();
    private int textIndex;

    private SectionFunctions(ElfFile elf) {
        this.elf = elf;
    }

    static SectionFunctions read(ElfFile elf) throws MalformedObjectException {
        SectionFunctions functions = new SectionFunctions(elf);
        for (ElfSection section : elf.sections()) {
            if (section.isExecutable() && section.size() > 0) {
                if (section.name().equals(TEXT)) {
                    functions.textIndex = section.index();
                }
                functions.bySection.put(section.index(), new TreeMap<>());
            }
        }
        for (ElfSymbol symbol : elf.symbols()) {
            if (symbol.type() == ElfSymbol.TYPE_FUNC && functions.bySection.containsKey(symbol.section())) {
                functions.add(symbol);
            }
        }
        functions.checkOverlaps();
        return functions;
    }

    /** Index of section {@code .text}, which holds the subprograms; 0 if there is none. */
    int textIndex() {
        return textIndex;
    }

    /** Entry programs: those outside of {@code .text}, in the order of the file. */
    List<Function> mains() {
        List<Function> mains = new ArrayList<>();
        for (ElfSection section : elf.sections()) {
            if (section.index() != textIndex) {
                mains.addAll(in(section.index()));
            }
        }
        return mains;
    }

    /** Functions of {@code .text}. */
    List<Function> subprograms() {
        return textIndex == 0 ? List.of() : in(textIndex);
    }

    /** Functions of a section, by place. */
    List<Function> in(int section) {
        NavigableMap<Integer, Function> functions = bySection.get(section);
        return functions == null ? List.of() : List.copyOf(functions.values());
    }

    /** The function that holds a slot of a section, or null. */
    @Nullable
    Function at(int section, long slot) {
        NavigableMap<Integer, Function> functions = bySection.get(section);
        if (functions == null || slot < 0 || slot > Integer.MAX_VALUE) {
            return null;
        }
        Map.Entry<Integer, Function> entry = functions.floorEntry((int) slot);
        return entry != null && entry.getValue().contains(slot) ? entry.getValue() : null;
    }

    private void add(ElfSymbol symbol) throws MalformedObjectException {
        ElfSection section = elf.sections().get(symbol.section());
        if (symbol.value() < 0
                || symbol.size() <= 0
                || symbol.value() > section.size()
                || symbol.size() > section.size() - symbol.value()) {
            throw elf.bad(
                    section,
                    symbol.value(),
                    "function " + symbol.name() + " of " + Long.toUnsignedString(symbol.size())
                            + " bytes is not within the section of " + section.size());
        }
        if (symbol.value() % RawInsn.BYTES != 0 || symbol.size() % RawInsn.BYTES != 0) {
            throw elf.bad(
                    section,
                    symbol.value(),
                    "function " + symbol.name() + " of " + symbol.size()
                            + " bytes does not start and end at a multiple of 8");
        }
        boolean local = symbol.bind() == ElfSymbol.LOCAL;
        if (local && section.index() != textIndex) {
            throw elf.bad(section, symbol.value(), "program '" + symbol.name() + "' is static and not supported");
        }
        ByteBuffer bytes = elf.bytes(section);
        long[] code = new long[(int) (symbol.size() / RawInsn.BYTES)];
        for (int i = 0; i < code.length; i++) {
            code[i] = bytes.getLong((int) symbol.value() + i * RawInsn.BYTES);
        }
        int start = (int) (symbol.value() / RawInsn.BYTES);
        Function function = new Function(symbol.name(), section, start, code, !local, !local && symbol.isHidden());
        Function same = functionsOf(section).putIfAbsent(start, function);
        if (same != null) {
            throw overlap(same, function);
        }
    }

    private NavigableMap<Integer, Function> functionsOf(ElfSection section) {
        return bySection.computeIfAbsent(section.index(), key -> new TreeMap<>());
    }

    private void checkOverlaps() throws MalformedObjectException {
        for (NavigableMap<Integer, Function> functions : bySection.values()) {
            Function before = null;
            for (Function function : functions.values()) {
                if (before != null && before.contains(function.start)) {
                    throw overlap(before, function);
                }
                before = function;
            }
        }
    }

    private MalformedObjectException overlap(Function first, Function second) {
        return elf.bad(
                second.section,
                second.start * (long) RawInsn.BYTES,
                "function " + second.name + " overlaps function " + first.name);
    }
}
