package dev.spinbpf.programs.elf;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A function as the file has it: an entry program, or in {@code .text} a subprogram. */
final class Function {
    final String name;
    final ElfSection section;

    /** First slot within the section. */
    final int start;

    /** Instructions; CO-RE relocations are made in place. */
    final long[] code;

    /** True if its symbol is global or weak. */
    final boolean global;

    /** True if its symbol cannot be seen from other files, so that it is verified like a static function. */
    final boolean hidden;

    /** Relocations by the slot of their instruction within the function. */
    final TreeMap<Integer, CodeReloc> relocs = new TreeMap<>();

    /** The reason why programs that contain the function cannot be loaded, or null. */
    @Nullable
    String failure;

    Function(String name, ElfSection section, int start, long[] code, boolean global, boolean hidden) {
        this.name = name;
        this.section = section;
        this.start = start;
        this.code = code;
        this.global = global;
        this.hidden = hidden;
    }

    boolean contains(long sectionSlot) {
        return sectionSlot >= start && sectionSlot < start + (long) code.length;
    }
}
