package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfExt;
import dev.spinbpf.programs.btf.BtfFormatException;
import dev.spinbpf.programs.btf.BtfReader;
import dev.spinbpf.programs.btf.BtfSection;
import dev.spinbpf.programs.btf.BtfStrings;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.MalformedObjectException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object's types, with what the compiler could not know put in, as libbpf does before it hands them to the kernel:
 * sizes of sections, places of variables, and what is hidden made static.
 */
final class LoadedTypes {
    static final String BTF = ".BTF";
    static final String BTF_EXT = ".BTF.ext";
    static final String KSYMS = ".ksyms";
    static final String KCONFIG = ".kconfig";

    /** The types as the file has them. Names, shapes and sizes are final; linkage and DATASECs may change. */
    final Btf original;

    final BtfExt ext;

    private final ElfFile elf;
    private final @Nullable BtfStrings strings;
    private final List<BtfType> fixed;

    private LoadedTypes(ElfFile elf, Btf original, @Nullable BtfStrings strings, BtfExt ext) {
        this.elf = elf;
        this.original = original;
        this.strings = strings;
        this.ext = ext;
        this.fixed = new ArrayList<>(original.types());
    }

    static LoadedTypes read(ElfFile elf) throws MalformedObjectException {
        ElfSection types = elf.section(BTF);
        if (types == null) {
            return new LoadedTypes(elf, Btf.EMPTY, null, BtfExt.EMPTY);
        }
        BtfSection section;
        try {
            section = BtfReader.readSection(elf.copy(checked(elf, types)));
        } catch (BtfFormatException e) {
            throw elf.bad(types, e.offset(), reason(e));
        }
        ElfSection ext = elf.section(BTF_EXT);
        if (ext == null) {
            return new LoadedTypes(elf, section.types(), section.strings(), BtfExt.EMPTY);
        }
        try {
            BtfExt info = BtfExt.read(elf.copy(checked(elf, ext)), section.strings());
            return new LoadedTypes(elf, section.types(), section.strings(), info);
        } catch (BtfFormatException e) {
            throw elf.bad(ext, e.offset(), reason(e));
        }
    }

    private static ElfSection checked(ElfFile elf, ElfSection section) throws MalformedObjectException {
        if (section.type() != ElfSection.PROGBITS) {
            throw elf.bad(section, -1, "section has type " + section.type() + ", expected 1");
        }
        return section;
    }

    private static String reason(BtfFormatException e) {
        String message = e.getMessage();
        return message == null ? "malformed" : message;
    }

    boolean isEmpty() {
        return original.size() <= 1;
    }

    /** A string that {@code .BTF.ext} refers to; empty if there is none. */
    String string(int offset) {
        String string = strings == null ? null : strings.at(offset);
        return string == null ? "" : string;
    }

    /** The type as fixed so far. */
    BtfType type(int id) {
        return fixed.get(id);
    }

    void set(int id, BtfType type) {
        fixed.set(id, type);
    }

    /** The types as a loader would give them to the kernel. */
    Btf build() {
        return new Btf(fixed);
    }

    /**
     * Gives sections their sizes and variables their places, and sorts them; {@code .kconfig} and {@code .ksyms}
     * excepted.
     */
    void fixDataSections() throws MalformedObjectException {
        Map<String, ElfSymbol> variables = new HashMap<>();
        for (ElfSymbol symbol : elf.symbols()) {
            if (symbol.type() == ElfSymbol.TYPE_OBJECT && symbol.isGlobalOrWeak()) {
                variables.putIfAbsent(symbol.name(), symbol);
            }
        }
        for (int id = 1; id < fixed.size(); id++) {
            if (fixed.get(id) instanceof BtfType.DataSec section) {
                fixed.set(id, sorted(isForExterns(section) ? section : fixed(section, variables)));
            }
        }
    }

    private static boolean isForExterns(BtfType.DataSec section) {
        return section.name().equals(KCONFIG) || section.name().equals(KSYMS);
    }

    private static BtfType.DataSec sorted(BtfType.DataSec section) {
        List<BtfType.SecVar> vars = new ArrayList<>(section.vars());
        vars.sort(Comparator.comparingLong(BtfType.SecVar::offset));
        return new BtfType.DataSec(section.name(), section.sizeBytes(), List.copyOf(vars));
    }

    private BtfType.DataSec fixed(BtfType.DataSec section, Map<String, ElfSymbol> variables)
            throws MalformedObjectException {
        boolean linked = section.sizeBytes() != 0;
        long sizeBytes = section.sizeBytes();
        if (!linked) {
            ElfSection found = elf.section(section.name());
            if (found == null || found.size() == 0) {
                throw elf.bad(BTF, -1, "DATASEC '" + section.name() + "' has no section of its name, or an empty one");
            }
            sizeBytes = found.size();
        }
        List<BtfType.SecVar> vars = new ArrayList<>(section.vars().size());
        for (BtfType.SecVar entry : section.vars()) {
            vars.add(fixed(section.name(), entry, linked, variables));
        }
        return new BtfType.DataSec(section.name(), sizeBytes, vars);
    }

    private BtfType.SecVar fixed(String section, BtfType.SecVar entry, boolean linked, Map<String, ElfSymbol> variables)
            throws MalformedObjectException {
        if (!(fixed.get(entry.varTypeId()) instanceof BtfType.Var variable)) {
            throw elf.bad(
                    BTF, -1, "DATASEC '" + section + "' holds type [" + entry.varTypeId() + "], which is no variable");
        }
        if (variable.linkage() != BtfType.Linkage.GLOBAL) {
            return entry;
        }
        ElfSymbol symbol = variables.get(variable.name());
        if (symbol == null) {
            throw elf.bad(BTF, -1, "variable '" + variable.name() + "' of DATASEC '" + section + "' has no symbol");
        }
        if (symbol.isHidden()) {
            fixed.set(entry.varTypeId(), new BtfType.Var(variable.name(), variable.typeId(), BtfType.Linkage.STATIC));
        }
        return linked ? entry : new BtfType.SecVar(entry.varTypeId(), symbol.value(), entry.sizeBytes());
    }

    /** Makes hidden subprograms static, so that they are verified where they are called. */
    void hideFunctions(List<Function> subprograms) {
        for (Function function : subprograms) {
            if (!function.hidden) {
                continue;
            }
            for (int id : original.findAll(function.name)) {
                if (fixed.get(id) instanceof BtfType.Func type && type.linkage() == BtfType.Linkage.GLOBAL) {
                    fixed.set(id, new BtfType.Func(type.name(), type.protoTypeId(), BtfType.Linkage.STATIC));
                    break;
                }
            }
        }
    }
}
