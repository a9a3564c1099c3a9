package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import java.util.List;
import java.util.Map;

/** Finds out what each relocation of a section of code asks for, and notes it in the function that it is in. */
final class CodeRelocs {
    private static final String ARENA = ".addr_space.1";

    private final ElfFile elf;
    private final SectionFunctions functions;
    private final Externs externs;
    private final Map<Long, Integer> mapByPlace;
    private final Map<Integer, Integer> mapBySection;

    /**
     * @param mapByPlace indices of declared maps by their places in section {@code .maps}
     * @param mapBySection indices of maps of global data by section
     */
    CodeRelocs(
            ElfFile elf,
            SectionFunctions functions,
            Externs externs,
            Map<Long, Integer> mapByPlace,
            Map<Integer, Integer> mapBySection) {
        this.elf = elf;
        this.functions = functions;
        this.externs = externs;
        this.mapByPlace = mapByPlace;
        this.mapBySection = mapBySection;
    }

    /** Notes the relocations of {@code section}. */
    void collect(ElfSection section, List<ElfReloc> relocs) throws MalformedObjectException {
        for (ElfReloc reloc : relocs) {
            if (reloc.offset() < 0 || reloc.offset() >= section.size() || reloc.offset() % RawInsn.BYTES != 0) {
                throw elf.bad(section, reloc.offset(), "relocation at no instruction");
            }
            if (reloc.symbol().section() >= elf.sections().size()) {
                throw bad(section, reloc, "is in section #" + reloc.symbol().section() + ", which does not exist");
            }
            long slot = reloc.offset() / RawInsn.BYTES;
            Function function = functions.at(section.index(), slot);
            if (function == null) {
                // what a static linker left of a weak function that it dropped
                continue;
            }
            int insn = (int) slot - function.start;
            if (RawInsn.isLddw(function.code[insn]) && insn + 1 >= function.code.length) {
                throw elf.bad(section, reloc.offset(), "second half of a 64-bit load is missing");
            }
            function.relocs.putIfAbsent(insn, meaning(section, reloc, function.code[insn]));
        }
    }

    private CodeReloc meaning(ElfSection section, ElfReloc reloc, long insn) throws MalformedObjectException {
        ElfSymbol symbol = reloc.symbol();
        if (!RawInsn.isCall(insn) && !RawInsn.isLddw(insn)) {
            throw bad(section, reloc, "applies to opcode 0x" + Integer.toHexString(RawInsn.opcode(insn)));
        }
        if (symbol.isExtern()) {
            Extern extern = externs.of(symbol);
            if (extern == null) {
                throw bad(section, reloc, "is extern without a name");
            }
            return RawInsn.isCall(insn) ? call(section, reloc, extern) : new CodeReloc.ExternAddress(extern);
        }
        if (RawInsn.isCall(insn)) {
            if (RawInsn.src(insn) != RawInsn.PSEUDO_CALL) {
                throw bad(section, reloc, "applies to a call with source field " + RawInsn.src(insn) + ", expected 1");
            }
            if (symbol.section() == 0 || symbol.section() != functions.textIndex()) {
                throw bad(
                        section,
                        reloc,
                        "is in section '" + elf.sectionName(symbol.section())
                                + "'; only functions in .text can be called");
            }
            requireSlot(section, reloc, symbol.value());
            return new CodeReloc.Call(symbol.value());
        }
        if (symbol.section() == 0 || symbol.section() >= ElfSymbol.SECTION_RESERVED) {
            throw bad(section, reloc, "is in special section #" + symbol.section());
        }
        return address(section, reloc, insn);
    }

    private CodeReloc call(ElfSection section, ElfReloc reloc, Extern extern) throws MalformedObjectException {
        if (!(extern.role() instanceof Extern.Function)) {
            throw bad(section, reloc, "is called and is no function");
        }
        return new CodeReloc.ExternCall(extern);
    }

    private CodeReloc address(ElfSection section, ElfReloc reloc, long insn) throws MalformedObjectException {
        ElfSymbol symbol = reloc.symbol();
        ElfSection target = elf.sections().get(symbol.section());
        if (target.index() == functions.textIndex() && isFunction(symbol)) {
            requireSlot(section, reloc, symbol.value());
            requireSlot(section, reloc, RawInsn.imm(insn));
            return new CodeReloc.FunctionAddress(symbol.value());
        }
        if (target.name().equals(MapDef.JUMP_TABLES)) {
            return new CodeReloc.JumpTable(symbol.value(), symbol.size());
        }
        if (target.name().equals(DeclaredMaps.SECTION)) {
            Integer map = mapByPlace.get(symbol.value());
            if (map == null) {
                throw bad(section, reloc, "is no map of section '.maps'");
            }
            return new CodeReloc.MapAddress(map);
        }
        Integer map = mapBySection.get(target.index());
        if (map == null) {
            String hint = target.name().equals(ARENA)
                    ? "; no arena map is declared"
                    : "; sections of variables are .data, .bss, .rodata and those whose names go on with a dot, such as .data.x";
            throw bad(section, reloc, "is in section '" + target.name() + "', which holds no variables" + hint);
        }
        return new CodeReloc.DataAddress(map, symbol.value());
    }

    private static boolean isFunction(ElfSymbol symbol) {
        return symbol.bind() == ElfSymbol.LOCAL
                ? symbol.type() == ElfSymbol.TYPE_SECTION
                : symbol.isGlobalOrWeak() && symbol.type() == ElfSymbol.TYPE_FUNC;
    }

    private void requireSlot(ElfSection section, ElfReloc reloc, long offset) throws MalformedObjectException {
        if (offset % RawInsn.BYTES != 0) {
            throw bad(section, reloc, "is at " + offset + ", which is not a multiple of 8");
        }
    }

    private MalformedObjectException bad(ElfSection section, ElfReloc reloc, String what) {
        ElfSymbol symbol = reloc.symbol();
        String name = symbol.name().isEmpty() ? elf.sectionName(symbol.section()) : symbol.name();
        return elf.bad(section, reloc.offset(), "relocation against '" + name + "' " + what);
    }
}
