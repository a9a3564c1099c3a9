package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;
import java.util.List;

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
 */
public record ProgramObject(
        String fileName,
        String license,
        List<Program> programs,
        List<MapDef> maps,
        List<KfuncRef> kfuncs,
        Btf btf,
        List<String> notes) {

    /** Whether helpers that demand it see a license compatible with the GPL. */
    public boolean isGplCompatible() {
        return switch (license) {
            case "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL" -> true;
            default -> false;
        };
    }
}
