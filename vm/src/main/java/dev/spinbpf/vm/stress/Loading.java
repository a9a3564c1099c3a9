package dev.spinbpf.vm.stress;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ReadOptions;
import java.util.Map;
import java.util.TreeMap;

/**
 * Settings of a loader for an object, made between reading and loading it.
 *
 * @param globals values of global variables, by name, as veristat's {@code -G} spells both
 * @param mapEntries most entries of maps, by name, in place of what they are declared with
 */
public record Loading(Map<String, String> globals, Map<String, Long> mapEntries) {
    /** The object as it is. */
    public static final Loading NONE = new Loading(Map.of(), Map.of());

    /** Copies the maps. */
    public Loading {
        globals = Map.copyOf(globals);
        mapEntries = Map.copyOf(mapEntries);
    }

    /** Returns true where nothing is set. */
    public boolean isNone() {
        return equals(NONE);
    }

    /** Returns all settings in one order, one a line. */
    public String text() {
        return new TreeMap<>(globals) + "\n" + new TreeMap<>(mapEntries) + "\n";
    }

    /** The options to read an object with for a kernel's types, or {@link Btf#EMPTY}. */
    public ReadOptions readOptions(Btf kernelTypes) {
        return applied(ReadOptions.DEFAULT.withTargetTypes(kernelTypes));
    }

    /** The same options, with these settings. */
    public ReadOptions applied(ReadOptions options) {
        return options.withPresets(globals).withMapEntries(mapEntries);
    }
}
