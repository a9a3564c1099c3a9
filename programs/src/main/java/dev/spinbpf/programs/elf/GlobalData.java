package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;

/** Sections of global variables as maps: arrays, per CPU or not, of one element that is the section's contents. */
final class GlobalData {

    private static final String PERCPU = ".percpu";
    private static final int KEY_BYTES = 4;
    private static final int SHORTEST_SUFFIX = 7;

    private final ElfFile elf;
    private final LoadedTypes types;
    private final String objectName;
    private long bytes;

    /** @param fileName file name or path, from which the maps get their names */
    GlobalData(ElfFile elf, LoadedTypes types, String fileName) {
        this.elf = elf;
        this.types = types;
        this.objectName = objectName(fileName);
    }

    /** Returns true if a section holds global variables. */
    static boolean isData(ElfSection section) {
        return section.size() > 0
                && switch (section.type()) {
                    case ElfSection.PROGBITS ->
                        !section.isExecutable()
                                && (isNamed(section, ".data")
                                        || isNamed(section, ".rodata")
                                        || isNamed(section, PERCPU));
                    case ElfSection.NOBITS -> isNamed(section, ".bss");
                    default -> false;
                };
    }

    private static boolean isNamed(ElfSection section, String name) {
        return section.name().equals(name) || section.name().startsWith(name + ".");
    }

    /**
     * The map for a section for which {@link #isData} holds. A section of zeros that the limit has no room for has no initial bytes:
     * whoever creates the map commits its memory as it is used.
     */
    MapDef map(ElfSection section) throws MalformedObjectException {
        boolean isZero = section.type() == ElfSection.NOBITS;
        boolean fits = section.size() <= ProgramObject.MAX_DATA_BYTES - bytes;
        if (!fits && !isZero || section.size() > Integer.MAX_VALUE) {
            throw elf.bad(
                    section,
                    -1,
                    "has " + section.size() + " bytes, so that global data exceeds the limit of "
                            + (isZero ? Integer.MAX_VALUE : ProgramObject.MAX_DATA_BYTES));
        }
        bytes += fits ? section.size() : 0;
        byte[] contents = isZero ? new byte[fits ? (int) section.size() : 0] : elf.copy(section);
        MapType type = isNamed(section, PERCPU) ? MapType.PERCPU_ARRAY : MapType.ARRAY;
        return map(section.name(), type, contents, (int) section.size(), isNamed(section, ".rodata"));
    }

    /** The map {@code .kconfig}, which has no section. */
    MapDef settings(byte[] contents) {
        return map(LoadedTypes.KCONFIG, MapType.ARRAY, contents, contents.length, true);
    }

    private MapDef map(String section, MapType type, byte[] contents, int sizeBytes, boolean readOnly) {
        int typeId = types.original.find(section, BtfType.DataSec.class);
        long flags = (readOnly ? MapFlags.BPF_F_RDONLY_PROG : 0)
                | (type == MapType.ARRAY && hasVisibleVariable(typeId) ? MapFlags.BPF_F_MMAPABLE : 0);
        return MapDef.builder(mapName(section, type), type)
                .keySize(KEY_BYTES)
                .valueSize(sizeBytes)
                .maxEntries(1)
                .flags(flags)
                .typeIds(0, typeId)
                .initialData(contents)
                .readOnly(readOnly)
                .section(section)
                .build();
    }

    private boolean hasVisibleVariable(int typeId) {
        if (!(types.type(typeId) instanceof BtfType.DataSec section)) {
            return false;
        }
        for (BtfType.SecVar entry : section.vars()) {
            if (types.type(entry.varTypeId()) instanceof BtfType.Var variable
                    && variable.linkage() != BtfType.Linkage.STATIC) {
                return true;
            }
        }
        return false;
    }

    /**
     * The name that libbpf gives the map: the section's name, after as much of the object's name as fits into 15
     * characters (as if the section's name had at least seven); a name with a second dot stands alone, and that of data per CPU.
     */
    private String mapName(String section, MapType type) {
        int suffix = Math.min(Math.max(SHORTEST_SUFFIX, section.length()), KernelLimits.MAX_NAME_CHARS);
        boolean isAlone = section.indexOf('.', 1) >= 0 || type == MapType.PERCPU_ARRAY;
        int prefix = isAlone ? 0 : Math.min(KernelLimits.MAX_NAME_CHARS - suffix, objectName.length());
        String name = objectName.substring(0, prefix) + section.substring(0, Math.min(suffix, section.length()));
        StringBuilder allowed = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || c == '_' || c == '.');
            allowed.append(plain ? c : '_');
        }
        return allowed.toString();
    }

    private static String objectName(String fileName) {
        String name = fileName.substring(fileName.lastIndexOf('/') + 1);
        name = name.substring(0, Math.min(name.length(), KernelLimits.MAX_NAME_CHARS));
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
