package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that one file declares: programs, maps, types. Made by the object file reader or by the assembler.
 *
 * @param fileName the file's name as the user gave it
 * @param license the license text, empty if there is none
 * @param programs the programs, in the order of the file
 * @param maps the maps, global data included; programs refer to them by index
 * @param kfuncs kernel functions; programs refer to them by index
 * @param btf the object's types; {@link Btf#EMPTY} if it has none
 * @param notes what the reader ignored or changed, a sentence each
 * @param ksyms kernel symbols whose address is loaded; programs refer to them by index
 * @param unlinked programs that could not be linked, and why
 * @param unresolved instructions that cannot be relocated, and what they ask for
 * @param refusal the reason why no loader gets the object into the kernel, as far as reading it shows; else null
 */
public record ProgramObject(
        String fileName,
        String license,
        List<Program> programs,
        List<MapDef> maps,
        List<KfuncRef> kfuncs,
        Btf btf,
        List<String> notes,
        List<KsymRef> ksyms,
        List<UnlinkedProgram> unlinked,
        List<UnresolvedReloc> unresolved,
        @Nullable LoadRefusal refusal) {

    /** Most instructions of all programs together, subprograms counted in each program that uses them. */
    public static final int MAX_SLOTS = 4_000_000;

    /** Most bytes of initial data of all maps together. */
    public static final int MAX_DATA_BYTES = 64 << 20;

    /** An object without types, for programs that refer to nothing but its maps. */
    public static ProgramObject of(String fileName, String license, List<Program> programs, List<MapDef> maps) {
        return new ProgramObject(
                fileName, license, programs, maps, List.of(), Btf.EMPTY, List.of(), List.of(), List.of(), List.of(),
                null);
    }

    /** Returns true if the license is compatible with the GPL, as some helpers demand. */
    public boolean isGplCompatible() {
        return switch (license) {
            case "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL" -> true;
            default -> false;
        };
    }

    /** Returns true if a section of the name holds structs of functions that the object implements for the kernel. */
    public static boolean isOfStructs(String section) {
        String name = section.startsWith("?") ? section.substring(1) : section;
        return name.equals(".struct_ops") || name.equals(".struct_ops.link");
    }

    /** Returns true if the object implements structs of functions for the kernel, as its types say. */
    public boolean implementsStructs() {
        for (int id = 1; id < btf.size(); id++) {
            if (btf.type(id) instanceof BtfType.DataSec section && isOfStructs(section.name())) {
                return true;
            }
        }
        return false;
    }

    /** Returns what an instruction of a program asks for that the kernel's types do not have; null if it was relocated. */
    public @Nullable UnresolvedReloc unresolvedAt(Program program, int insn) {
        Subprog function = program.subprogAt(insn);
        for (UnresolvedReloc reloc : unresolved) {
            if (reloc.function().equals(function.name()) && reloc.insn() == insn - function.start()) {
                return reloc;
            }
        }
        return null;
    }
}
