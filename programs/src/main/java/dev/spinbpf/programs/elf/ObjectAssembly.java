package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One object on its way from sections to programs; the order of the steps is libbpf's. */
final class ObjectAssembly {
    private static final String ARENA = ".addr_space.1";
    private static final int MAX_LICENSE_BYTES = 63;
    private static final String EXCEPTION_CALLBACK = "exception_callback:";

    private final String fileName;
    private final ElfFile elf;
    private final ReadOptions options;
    private final LoadedTypes types;
    private final SectionFunctions functions;
    private final List<String> notes = new ArrayList<>();
    private final List<MapDef> maps = new ArrayList<>();
    private final Map<Long, Integer> mapByPlace = new HashMap<>();
    private final Map<Integer, Integer> mapBySection = new HashMap<>();
    private final Map<String, String> structMembers = new HashMap<>();
    private final Set<String> loadedByStruct = new HashSet<>();
    private int settingsMap = -1;
    private int arenaMap = -1;
    private long arenaDataOffset;

    ObjectAssembly(String fileName, ElfFile elf, ReadOptions options) throws MalformedObjectException {
        this.fileName = fileName;
        this.elf = elf;
        this.options = options;
        if (elf.symbols().isEmpty()) {
            throw elf.bad("", -1, "no symbol table; is the object stripped?");
        }
        if (elf.section("maps") != null) {
            throw elf.bad(
                    "maps", -1, "legacy map definitions in 'maps' section are not supported; declare maps in .maps");
        }
        this.types = LoadedTypes.read(elf);
        this.functions = SectionFunctions.read(elf);
    }

    ProgramObject assemble() throws MalformedObjectException {
        Externs externs = Externs.read(elf, types);
        types.fixDataSections();
        Settings settings = new Settings(externs, options);
        ExternResolution resolution = new ExternResolution(
                externs, settings, types.original, options.targetTypes(), options.externsAreWeak());
        LoadRefusal refusal = resolution.resolve();
        readMaps(externs, settings);
        StructOpsMembers structs = new StructOpsMembers(elf, types, functions, notes, options.targetTypes());
        structs.read(structMembers);
        if (refusal == null) {
            refusal = structs.refusal();
        }
        structMembers.keySet().stream().filter(structs::isLoaded).forEach(loadedByStruct::add);
        collectRelocs(externs);
        types.hideFunctions(functions.subprograms());
        CoreRelocations relocations = new CoreRelocations(elf, types, functions, options.targetTypes(), notes);
        relocations.apply(types.ext.relocations());
        ReferenceResolver references = new ReferenceResolver(
                maps, externs, resolution, settingsMap, arenaMap, arenaDataOffset, contentsOf(MapDef.JUMP_TABLES));
        List<Program> programs = new ArrayList<>();
        List<UnlinkedProgram> unlinked = new ArrayList<>();
        link(references, programs, unlinked);
        return new ProgramObject(
                fileName,
                license(),
                List.copyOf(programs),
                List.copyOf(maps),
                List.copyOf(references.kfuncs()),
                types.build(),
                List.copyOf(notes),
                List.copyOf(references.ksyms()),
                List.copyOf(unlinked),
                List.copyOf(relocations.unresolved()),
                refusal);
    }

    private ByteBuffer contentsOf(String section) {
        ElfSection found = elf.section(section);
        return found == null ? ByteBuffer.allocate(0) : elf.bytes(found);
    }

    private String license() {
        byte[] bytes =
                new byte[Math.min(MAX_LICENSE_BYTES, contentsOf("license").remaining())];
        contentsOf("license").get(bytes);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private void readMaps(Externs externs, Settings settings) throws MalformedObjectException {
        DeclaredMaps reader = new DeclaredMaps(elf, types, options, notes);
        List<DeclaredMaps.Declared> declared = new ArrayList<>(reader.read(types));
        for (ElfSection section : elf.sections()) {
            if (section.type() == ElfSection.REL && isFor(section, DeclaredMaps.SECTION)) {
                reader.fillSlots(declared, elf.relocs(section), functions);
            }
        }
        for (DeclaredMaps.Declared map : declared) {
            mapByPlace.putIfAbsent(map.offset(), maps.size());
            maps.add(map.map());
        }
        placeArena();
        GlobalData data = new GlobalData(elf, types, fileName);
        try {
            readData(data, new GlobalPresets(types, presets()));
        } catch (GlobalPresets.PresetException e) {
            throw elf.bad("", -1, String.valueOf(e.getMessage()));
        }
        if (externs.settingsBytes() > 0) {
            settingsMap = maps.size();
            maps.add(data.settings(settings.contents()));
        }
    }

    private Map<String, String> presets() {
        return options.withoutLoader()
                ? SchedulerConstants.with(options.presets(), types.original, options.targetTypes())
                : options.presets();
    }

    private void readData(GlobalData data, GlobalPresets presets)
            throws MalformedObjectException, GlobalPresets.PresetException {
        for (ElfSection section : elf.sections()) {
            if (GlobalData.isData(section)) {
                mapBySection.put(section.index(), maps.size());
                maps.add(presets.apply(data.map(section)));
            } else {
                noteIgnored(section);
            }
        }
        presets.checkAllApplied();
    }

    private boolean isFor(ElfSection relocs, String section) {
        return elf.sectionName((int) Math.min(relocs.info(), Integer.MAX_VALUE)).equals(section);
    }

    private void noteIgnored(ElfSection section) {
        if (section.type() == ElfSection.REL
                && section.info() < elf.sections().size()
                && GlobalData.isData(elf.sections().get((int) section.info()))) {
            notes.add("section '" + section.name() + "': initial addresses in global data are ignored");
        }
    }

    /** Variables of an arena are at its end. */
    private void placeArena() throws MalformedObjectException {
        for (int i = 0; i < maps.size(); i++) {
            if (maps.get(i).type() != MapType.ARENA) {
                continue;
            }
            if (arenaMap >= 0) {
                throw elf.bad(
                        DeclaredMaps.SECTION,
                        -1,
                        "map '" + maps.get(i).name() + "': only single ARENA map is supported (map '"
                                + maps.get(arenaMap).name() + "' is also ARENA)");
            }
            arenaMap = i;
        }
        ElfSection section = elf.section(ARENA);
        if (section == null || section.type() != ElfSection.PROGBITS || section.size() == 0) {
            return;
        }
        if (arenaMap < 0) {
            throw elf.bad(section, -1, "to use global __arena variables the ARENA map should be declared in .maps");
        }
        MapDef arena = maps.get(arenaMap);
        long arenaBytes = arena.maxEntries() * KernelLimits.PAGE_SIZE;
        long dataBytes =
                (section.size() + KernelLimits.PAGE_SIZE - 1) / KernelLimits.PAGE_SIZE * KernelLimits.PAGE_SIZE;
        if (dataBytes > arenaBytes) {
            throw elf.bad(
                    section,
                    -1,
                    "declared ARENA map size (" + arenaBytes
                            + ") is too small to hold global __arena variables of size " + section.size());
        }
        arenaDataOffset = arenaBytes - dataBytes;
        mapBySection.put(section.index(), arenaMap);
        maps.set(arenaMap, arena.toBuilder().initialData(elf.copy(section)).build());
    }

    private void collectRelocs(Externs externs) throws MalformedObjectException {
        CodeRelocs collector = new CodeRelocs(elf, functions, externs, mapByPlace, mapBySection);
        for (ElfSection section : elf.sections()) {
            if (section.type() != ElfSection.REL) {
                continue;
            }
            if (section.info() >= elf.sections().size()) {
                throw elf.bad(section, -1, "applies to section #" + section.info() + ", which does not exist");
            }
            ElfSection target = elf.sections().get((int) section.info());
            if (target.isExecutable()) {
                collector.collect(target, elf.relocs(section));
            }
        }
    }

    /** The kind of a section's programs; for objects that run without their loader other loaders' names count too. */
    private SectionNames.@Nullable Match kindOf(String section) {
        SectionNames.Match known = SectionNames.lookup(section).orElse(null);
        int slash = section.indexOf('/');
        if (known != null || !options.withoutLoader() || slash <= 0) {
            return known;
        }
        String begin = section.substring(0, slash);
        SectionNames.Match other = SectionNames.lookup(begin).orElse(null);
        if (other != null) {
            notes.add("section '" + section + "': is none of libbpf's; taken as '" + begin + "'");
        }
        return other;
    }

    private void link(ReferenceResolver references, List<Program> programs, List<UnlinkedProgram> unlinked) {
        CodeInfo info = new CodeInfo(types);
        ObjectLinker linker = new ObjectLinker(functions, info, references, ProgramObject.MAX_SLOTS);
        Map<String, String> callbacks = exceptionCallbacks();
        for (Function main : functions.mains()) {
            String section = main.section.name();
            SectionNames.Match kind = kindOf(section);
            boolean autoload = !section.startsWith("?");
            Program program = null;
            try {
                SectionNames.Match match = kind == null ? SectionNames.NONE.withAutoload(autoload) : match(main, kind);
                String target = kind == null ? null : target(main, kind);
                program = linker.link(main, match, target, callback(callbacks.get(main.name)));
                if (kind == null) {
                    throw new LinkException(SectionNames.unknownSection(main.name, section));
                }
                programs.add(program);
            } catch (LinkException e) {
                String reason = e.getMessage();
                unlinked.add(new UnlinkedProgram(
                        main.name,
                        autoload ? section : section.substring(1),
                        kind == null ? ProgType.UNSPEC : kind.type(),
                        autoload,
                        reason == null ? "cannot be linked" : reason,
                        program));
            }
        }
    }

    /** A program of a struct is loaded if the struct is made, whatever its section's name says. */
    private SectionNames.Match match(Function main, SectionNames.Match kind) {
        boolean ofStruct = kind.type() == ProgType.STRUCT_OPS && structMembers.containsKey(main.name);
        return ofStruct ? kind.withAutoload(loadedByStruct.contains(main.name)) : kind;
    }

    private @Nullable String target(Function main, SectionNames.Match kind) throws LinkException {
        String member = structMembers.get(main.name);
        if (kind.type() == ProgType.STRUCT_OPS && member != null) {
            return member;
        }
        if (kind.needsTarget() && kind.target().isEmpty()) {
            throw new LinkException("libbpf: prog '" + main.name
                    + "': no BTF-based attach target is specified, use bpf_program__set_attach_target()");
        }
        return kind.target().orElse(null);
    }

    /**
     * Returns the name of the exception callback of each main function that is tagged with one; empty for more than one
     * tag.
     */
    private Map<String, String> exceptionCallbacks() {
        Map<String, String> callbacks = new HashMap<>();
        for (int id = 1; id < types.original.size(); id++) {
            if (types.original.type(id) instanceof BtfType.DeclTag tag
                    && tag.componentIndex() == -1
                    && tag.name().startsWith(EXCEPTION_CALLBACK)
                    && types.original.type(tag.typeId()) instanceof BtfType.Func main) {
                String before = callbacks.put(main.name(), tag.name().substring(EXCEPTION_CALLBACK.length()));
                if (before != null) {
                    // the verifier refuses a second one; nothing needs to be appended for that
                    callbacks.put(main.name(), "");
                }
            }
        }
        return callbacks;
    }

    private @Nullable Function callback(@Nullable String name) throws LinkException {
        if (name == null || name.isEmpty()) {
            return null;
        }
        for (Function function : functions.subprograms()) {
            if (function.name.equals(name)) {
                if (!function.global || function.hidden) {
                    throw new LinkException("exception callback " + name + " must be a global non-hidden function");
                }
                return function;
            }
        }
        throw new LinkException("cannot find exception callback '" + name + "'");
    }
}
