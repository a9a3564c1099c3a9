package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.MalformedObjectException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Structs of functions that the object implements for the kernel ({@code .struct_ops}, {@code .struct_ops.link}): which
 * member each program is for. The structs themselves are not registered anywhere; a note says so.
 */
final class StructOpsMembers {
    private final ElfFile elf;
    private final LoadedTypes types;
    private final SectionFunctions functions;
    private final List<String> notes;

    private final Set<String> loaded = new HashSet<>();

    StructOpsMembers(ElfFile elf, LoadedTypes types, SectionFunctions functions, List<String> notes) {
        this.elf = elf;
        this.types = types;
        this.functions = functions;
        this.notes = notes;
    }

    /** Adds type and member, by the name of the program that implements it. */
    void read(Map<String, String> members) throws MalformedObjectException {
        for (ElfSection section : elf.sections()) {
            if (section.type() == ElfSection.PROGBITS && isStructOps(section.name())) {
                note(section);
            }
        }
        for (ElfSection relocs : elf.sections()) {
            if (relocs.type() != ElfSection.REL
                    || relocs.info() >= elf.sections().size()) {
                continue;
            }
            ElfSection target = elf.sections().get((int) relocs.info());
            if (isStructOps(target.name())) {
                for (ElfReloc reloc : elf.relocs(relocs)) {
                    add(target, reloc, members);
                }
            }
        }
    }

    /** True if a struct that is made without being asked for refers to the program, so that it is loaded with each other one. */
    boolean isLoaded(String program) {
        return loaded.contains(program);
    }

    private static boolean isStructOps(String section) {
        String name = section.startsWith("?") ? section.substring(1) : section;
        return name.equals(".struct_ops") || name.equals(".struct_ops.link");
    }

    private void note(ElfSection section) throws MalformedObjectException {
        for (BtfType.SecVar entry : dataSection(section).vars()) {
            notes.add("struct_ops map '" + types.type(entry.varTypeId()).name() + "' is not created");
        }
    }

    private BtfType.DataSec dataSection(ElfSection section) throws MalformedObjectException {
        int id = types.original.find(section.name(), BtfType.DataSec.class);
        if (types.type(id) instanceof BtfType.DataSec found) {
            return found;
        }
        throw elf.bad(section, -1, "has no DATASEC in .BTF");
    }

    private void add(ElfSection section, ElfReloc reloc, Map<String, String> members) throws MalformedObjectException {
        Function function =
                functions.at(reloc.symbol().section(), reloc.symbol().value() / RawInsn.BYTES);
        if (function == null) {
            throw elf.bad(
                    section, reloc.offset(), "points to '" + reloc.symbol().name() + "', which is no program");
        }
        for (BtfType.SecVar entry : dataSection(section).vars()) {
            BtfType type = types.original.resolved(typeOf(entry.varTypeId()));
            if (!(type instanceof BtfType.Composite struct)) {
                continue;
            }
            for (BtfType.Member member : struct.members()) {
                if (entry.offset() + member.bitOffset() / Byte.SIZE == reloc.offset()) {
                    members.putIfAbsent(function.name, struct.name() + "." + member.name());
                    if (!section.name().startsWith("?")) {
                        loaded.add(function.name);
                    }
                }
            }
        }
    }

    private int typeOf(int varId) {
        return types.original.type(varId) instanceof BtfType.Var variable ? variable.typeId() : 0;
    }
}
