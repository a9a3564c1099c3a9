package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.BtfExt;
import dev.spinbpf.programs.model.MalformedObjectException;

/** Refuses functions that have CO-RE relocations. */
final class CoreRelocations {
    private CoreRelocations() {}

    static void apply(ElfFile elf, ObjectTypes types, Functions functions) throws MalformedObjectException {
        for (BtfExt.CoreRelo relo : types.ext.relocations()) {
            ElfSection section = elf.section(relo.section());
            if (section == null) {
                throw elf.bad(relo.section(), relo.insnOffset(), "CO-RE relocation in a section that does not exist");
            }
            Function function = functions.at(section.index(), relo.insnOffset() / RawInsn.BYTES);
            if (function != null) {
                function.failure = "CO-RE relocations are not supported yet";
            }
        }
    }
}
