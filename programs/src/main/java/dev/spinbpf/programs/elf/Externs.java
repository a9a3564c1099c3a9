package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code extern} declarations of an object: kernel functions and variables ({@code .ksyms}) and settings of the
 * kernel ({@code .kconfig}). A symbol's BTF says which of these it is.
 */
final class Externs {
    private final ElfFile elf;
    private final LoadedTypes types;
    private final Map<Integer, Extern> bySymbol = new HashMap<>();
    private final List<Extern> settings = new ArrayList<>();
    private final Map<Integer, Integer> sectionOfVariable = new HashMap<>();
    private int settingsBytes;

    private Externs(ElfFile elf, LoadedTypes types) {
        this.elf = elf;
        this.types = types;
    }

    static Externs read(ElfFile elf, LoadedTypes types) throws MalformedObjectException {
        Externs externs = new Externs(elf, types);
        externs.collect();
        externs.placeSettings();
        return externs;
    }

    /** The extern that a symbol stands for, or null. */
    @Nullable
    Extern of(ElfSymbol symbol) {
        return bySymbol.get(symbol.index());
    }

    /** All, by name. */
    List<Extern> all() {
        List<Extern> all = new ArrayList<>(bySymbol.values());
        all.sort((a, b) -> {
            int byName = a.name().compareTo(b.name());
            return byName != 0 ? byName : Integer.compare(a.symbolIndex(), b.symbolIndex());
        });
        return all;
    }

    /** Settings in the order of their places in map {@code .kconfig}. */
    List<Extern> settings() {
        return settings;
    }

    /** Size of map {@code .kconfig}; 0 if there are no settings. */
    int settingsBytes() {
        return settingsBytes;
    }

    private void collect() throws MalformedObjectException {
        for (int id = 1; id < types.original.size(); id++) {
            if (types.original.type(id) instanceof BtfType.DataSec section) {
                for (BtfType.SecVar entry : section.vars()) {
                    sectionOfVariable.putIfAbsent(entry.varTypeId(), id);
                }
            }
        }
        for (ElfSymbol symbol : elf.symbols()) {
            if (symbol.isExtern() && !symbol.name().isEmpty()) {
                bySymbol.put(symbol.index(), extern(symbol));
            }
        }
    }

    private Extern extern(ElfSymbol symbol) throws MalformedObjectException {
        int id = typeOf(symbol.name());
        Integer sectionId = sectionOfVariable.get(id);
        if (sectionId == null) {
            throw bad(symbol.name(), "is in no DATASEC");
        }
        String section = types.original.type(sectionId).name();
        boolean function = types.original.type(id) instanceof BtfType.Func;
        Extern.Role role =
                switch (section) {
                    case LoadedTypes.KSYMS -> function ? new Extern.Function() : variable(id);
                    case LoadedTypes.KCONFIG -> {
                        if (function) {
                            throw bad(symbol.name(), "is a function, which .kconfig cannot hold");
                        }
                        yield setting(symbol.name(), (BtfType.Var) types.original.type(id));
                    }
                    default -> throw bad(symbol.name(), "is in section '" + section + "', which holds no externs");
                };
        return new Extern(symbol.index(), symbol.name(), symbol.bind() == ElfSymbol.WEAK, id, role);
    }

    private int typeOf(String name) throws MalformedObjectException {
        for (int id : types.original.findAll(name)) {
            BtfType.Linkage linkage = types.original.type(id) instanceof BtfType.Var variable
                    ? variable.linkage()
                    : types.original.type(id) instanceof BtfType.Func function ? function.linkage() : null;
            if (linkage == BtfType.Linkage.EXTERN) {
                return id;
            }
            if (linkage != null) {
                throw bad(name, "is declared by type [" + id + "], which is not extern");
            }
        }
        throw bad(name, "has no type; clang -g writes the types of externs");
    }

    private Extern.Variable variable(int id) {
        int typeId = ((BtfType.Var) types.original.type(id)).typeId();
        return new Extern.Variable(!(types.original.resolved(typeId) instanceof BtfType.Void));
    }

    private Extern.Setting setting(String name, BtfType.Var variable) throws MalformedObjectException {
        long size = types.original.sizeOf(variable.typeId());
        if (size <= 0) {
            throw bad(name, "has a type without a size");
        }
        BtfType type = types.original.resolved(variable.typeId());
        Extern.Shape shape = shape(type);
        if (shape == null) {
            throw bad(name, "has type " + Btf.kindName(type) + " of " + size + " bytes, which no setting has");
        }
        boolean signed = type instanceof BtfType.Int integer && integer.signed();
        return new Extern.Setting(0, (int) Math.min(size, Integer.MAX_VALUE), shape, signed);
    }

    private Extern.@Nullable Shape shape(BtfType type) {
        return switch (type) {
            case BtfType.Int integer when integer.isBool() -> integer.sizeBytes() == 1 ? Extern.Shape.BOOL : null;
            case BtfType.Int integer when integer.sizeBytes() == 1 -> Extern.Shape.CHAR;
            case BtfType.Int integer ->
                integer.sizeBytes() <= Long.BYTES && Integer.bitCount(integer.sizeBytes()) == 1
                        ? Extern.Shape.INT
                        : null;
            case BtfType.Enum e -> e.name().equals("libbpf_tristate") ? Extern.Shape.TRISTATE : null;
            case BtfType.Array array ->
                array.count() > 0
                                && types.original.resolved(array.elementTypeId()) instanceof BtfType.Int element
                                && shape(element) == Extern.Shape.CHAR
                        ? Extern.Shape.CHAR_ARRAY
                        : null;
            default -> null;
        };
    }

    /** Places settings by falling alignment, then rising size, then name; and says so in their DATASEC. */
    private void placeSettings() throws MalformedObjectException {
        for (Extern extern : bySymbol.values()) {
            if (extern.role() instanceof Extern.Setting) {
                settings.add(extern);
            }
        }
        settings.sort(Comparator.<Extern>comparingLong(extern -> -alignment(extern))
                .thenComparingInt(extern -> ((Extern.Setting) extern.role()).size())
                .thenComparing(Extern::name));
        Map<Integer, Integer> places = new HashMap<>();
        long end = 0;
        for (int i = 0; i < settings.size(); i++) {
            Extern extern = settings.get(i);
            Extern.Setting setting = (Extern.Setting) extern.role();
            long align = alignment(extern);
            long place = (end + align - 1) / align * align;
            end = place + setting.size();
            if (end > ProgramObject.MAX_DATA_BYTES) {
                throw bad(extern.name(), "ends at " + end + ", more than " + ProgramObject.MAX_DATA_BYTES + " bytes");
            }
            Extern placed = new Extern(
                    extern.symbolIndex(),
                    extern.name(),
                    extern.weak(),
                    extern.btfId(),
                    new Extern.Setting((int) place, setting.size(), setting.shape(), setting.signed()));
            settings.set(i, placed);
            bySymbol.put(extern.symbolIndex(), placed);
            places.put(extern.btfId(), (int) place);
        }
        settingsBytes = (int) end;
        fixSection(places);
    }

    private void fixSection(Map<Integer, Integer> places) {
        int id = types.original.find(LoadedTypes.KCONFIG, BtfType.DataSec.class);
        if (id == 0 || places.isEmpty()) {
            return;
        }
        BtfType.DataSec section = (BtfType.DataSec) types.type(id);
        List<BtfType.SecVar> vars = new ArrayList<>();
        for (BtfType.SecVar entry : section.vars()) {
            Integer place = places.get(entry.varTypeId());
            if (place == null || !(types.type(entry.varTypeId()) instanceof BtfType.Var variable)) {
                vars.add(entry);
                continue;
            }
            types.set(entry.varTypeId(), new BtfType.Var(variable.name(), variable.typeId(), BtfType.Linkage.GLOBAL));
            vars.add(new BtfType.SecVar(entry.varTypeId(), place, entry.sizeBytes()));
        }
        types.set(id, new BtfType.DataSec(section.name(), settingsBytes, vars));
    }

    private long alignment(Extern extern) {
        BtfType type = types.original.resolved(((BtfType.Var) types.original.type(extern.btfId())).typeId());
        if (type instanceof BtfType.Array array) {
            type = types.original.resolved(array.elementTypeId());
        }
        return switch (type) {
            case BtfType.Int integer -> Math.min(integer.sizeBytes(), Long.BYTES);
            case BtfType.Enum e -> Math.min(e.sizeBytes(), Long.BYTES);
            default -> 1;
        };
    }

    private MalformedObjectException bad(String name, String what) {
        return elf.bad(LoadedTypes.BTF, -1, "extern '" + name + "' " + what);
    }
}
