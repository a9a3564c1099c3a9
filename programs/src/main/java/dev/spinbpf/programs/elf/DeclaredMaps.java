package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Maps declared in section {@code .maps}: each variable is a map, whose attributes are the members of its struct.
 * {@code __uint} is a pointer to an array of as many elements as the value, {@code __ulong} an enumeration of one
 * value, {@code __type} a pointer to the type, {@code __array} an array of pointers to what the elements are.
 */
final class DeclaredMaps {
    static final String SECTION = ".maps";

    private final ElfFile elf;
    private final Btf types;
    private final ReadOptions options;
    private final List<String> notes;

    /** A declared map and the bytes of the section that stand for it. */
    record Declared(MapDef map, BtfType.Composite definition, long offset, long size) {
        Declared withSlots(List<MapDef.Slot> slots) {
            return new Declared(map.toBuilder().slots(slots).build(), definition, offset, size);
        }
    }

    DeclaredMaps(ElfFile elf, LoadedTypes types, ReadOptions options, List<String> notes) {
        this.elf = elf;
        this.types = types.original;
        this.options = options;
        this.notes = notes;
    }

    /** Reads the maps, by place. */
    List<Declared> read(LoadedTypes fixedTypes) throws MalformedObjectException {
        List<Declared> maps = declared(fixedTypes);
        checkAllResized(maps);
        return maps;
    }

    private List<Declared> declared(LoadedTypes fixedTypes) throws MalformedObjectException {
        ElfSection section = elf.section(SECTION);
        if (section == null) {
            return List.of();
        }
        int id = types.find(SECTION, BtfType.DataSec.class);
        if (id == 0) {
            throw elf.bad(section, -1, "has no DATASEC '.maps' in .BTF, which would say what the maps are");
        }
        List<Declared> maps = new ArrayList<>();
        for (BtfType.SecVar entry : ((BtfType.DataSec) fixedTypes.type(id)).vars()) {
            if (entry.offset() + entry.sizeBytes() > section.size()) {
                throw elf.bad(section, entry.offset(), "map type [" + entry.varTypeId() + "] ends beyond the section");
            }
            if (!(fixedTypes.type(entry.varTypeId()) instanceof BtfType.Var variable)
                    || variable.name().isEmpty()) {
                throw elf.bad(section, entry.offset(), "map type [" + entry.varTypeId() + "] is no named variable");
            }
            maps.add(declared(section, entry, variable));
        }
        return maps;
    }

    private Declared declared(ElfSection section, BtfType.SecVar entry, BtfType.Var variable)
            throws MalformedObjectException {
        String name = variable.name();
        if (variable.linkage() != BtfType.Linkage.GLOBAL) {
            throw elf.bad(section, entry.offset(), "map '" + name + "': unsupported map linkage static");
        }
        BtfType type = types.resolved(variable.typeId());
        if (!(type instanceof BtfType.Composite definition) || definition.isUnion()) {
            throw elf.bad(
                    section, entry.offset(), "map '" + name + "': unexpected def kind " + Btf.kindName(type) + ".");
        }
        if (definition.sizeBytes() > entry.sizeBytes()) {
            throw elf.bad(section, entry.offset(), "map '" + name + "': invalid def size.");
        }
        try {
            MapAttributes map = new MapAttributes(types, name, false).read(definition);
            if (map.pinned()) {
                notes.add("map '" + name + "': pinning is ignored");
            }
            return new Declared(
                    resized(map.build(options.possibleCpus())), definition, entry.offset(), entry.sizeBytes());
        } catch (LinkException e) {
            String reason = e.getMessage();
            throw elf.bad(section, entry.offset(), "map '" + name + "': " + reason);
        }
    }

    /** Refuses sizes of maps that the object does not declare. */
    private void checkAllResized(List<Declared> maps) throws MalformedObjectException {
        checkAllDeclared(maps, options.mapEntries().keySet(), "most entries");
        checkAllDeclared(maps, options.mapValueSizes().keySet(), "value size");
    }

    private void checkAllDeclared(List<Declared> maps, Set<String> names, String what) throws MalformedObjectException {
        for (String name : new TreeSet<>(names)) {
            if (maps.stream().noneMatch(declared -> declared.map().name().equals(name))) {
                throw elf.bad("", -1, "there is no map '" + name + "' in section '.maps' to set the " + what + " of");
            }
        }
    }

    /** The map as a loader sizes it; a value of another size has no type any more. */
    private MapDef resized(MapDef map) {
        Long entries = options.mapEntries().get(map.name());
        Long valueSize = options.mapValueSizes().get(map.name());
        MapDef.Builder builder = map.toBuilder();
        if (entries != null) {
            builder.maxEntries(entries);
        }
        if (valueSize != null) {
            builder.valueSize(Math.toIntExact(valueSize));
            builder.typeIds(
                    valueSize == map.valueSize() ? map.keyTypeId() : 0,
                    valueSize == map.valueSize() ? map.valueTypeId() : 0);
        }
        MapDef sized = builder.build();
        return options.withoutLoader() ? UsualSizes.of(sized, notes) : sized;
    }

    /** Puts in what the elements of program arrays and maps of maps are, according to relocations. */
    void fillSlots(List<Declared> maps, List<ElfReloc> relocs, SectionFunctions functions)
            throws MalformedObjectException {
        List<List<MapDef.Slot>> slots = new ArrayList<>();
        maps.forEach(map -> slots.add(new ArrayList<>()));
        for (ElfReloc reloc : relocs) {
            int index = indexAt(maps, reloc);
            slots.get(index).add(slot(maps, maps.get(index), reloc, functions));
        }
        for (int i = 0; i < maps.size(); i++) {
            if (!slots.get(i).isEmpty()) {
                maps.set(i, maps.get(i).withSlots(List.copyOf(slots.get(i))));
            }
        }
    }

    private int indexAt(List<Declared> maps, ElfReloc reloc) throws MalformedObjectException {
        for (int i = 0; i < maps.size(); i++) {
            Declared map = maps.get(i);
            if (map.offset() <= reloc.offset() && reloc.offset() <= map.offset() + map.size() - Long.BYTES) {
                return i;
            }
        }
        throw elf.bad(
                SECTION, reloc.offset(), "relocation against '" + reloc.symbol().name() + "' is in no map");
    }

    private MapDef.Slot slot(List<Declared> maps, Declared map, ElfReloc reloc, SectionFunctions functions)
            throws MalformedObjectException {
        ElfSymbol symbol = reloc.symbol();
        boolean ofMaps = MapAttributes.isMapInMap(map.map().type());
        boolean ofPrograms = map.map().type() == MapType.PROG_ARRAY;
        boolean known;
        if (ofMaps) {
            ElfSection section = elf.section(SECTION);
            known = section != null
                    && symbol.section() == section.index()
                    && maps.stream().anyMatch(other -> other.map().name().equals(symbol.name()));
        } else if (ofPrograms) {
            Function function = functions.at(symbol.section(), symbol.value() / RawInsn.BYTES);
            known = function != null
                    && function.name.equals(symbol.name())
                    && symbol.section() != functions.textIndex()
                    && symbol.value() == function.start * (long) RawInsn.BYTES;
        } else {
            throw bad(
                    reloc,
                    "in map '" + map.map().name() + "' of type "
                            + map.map().type().display() + ", which takes no initial values");
        }
        if (!known) {
            throw bad(reloc, ofMaps ? "isn't a BTF-defined map" : "isn't an entry-point program");
        }
        if (map.map().type() == MapType.HASH_OF_MAPS && map.map().keySize() != Integer.BYTES) {
            throw bad(reloc, "hash-of-maps '" + map.map().name() + "' should have key size 4.");
        }
        List<BtfType.Member> members = map.definition().members();
        if (members.isEmpty() || !members.getLast().name().equals("values")) {
            throw bad(reloc, "in map '" + map.map().name() + "', whose last member is not 'values'");
        }
        long offset = reloc.offset() - map.offset() - members.getLast().bitOffset() / Byte.SIZE;
        if (offset < 0 || offset % Long.BYTES != 0) {
            throw bad(reloc, "is at no element of 'values' of map '" + map.map().name() + "'");
        }
        return new MapDef.Slot((int) (offset / Long.BYTES), symbol.name());
    }

    private MalformedObjectException bad(ElfReloc reloc, String what) {
        return elf.bad(
                SECTION, reloc.offset(), "initial value '" + reloc.symbol().name() + "' " + what);
    }
}
