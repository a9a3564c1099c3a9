package dev.spinbpf.vm.stress;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ReadOptions;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings of a loader for an object, made between reading and loading it.
 *
 * @param globals values of global variables, by name, as veristat's {@code -G} spells both
 * @param mapEntries most entries of maps, by name, in place of what they are declared with
 * @param mapValueSizes bytes of maps' values, by name, in place of what they are declared with
 * @param config values of {@code CONFIG_*} externs, as in a kernel's configuration file
 */
public record Loading(
        Map<String, String> globals,
        Map<String, Long> mapEntries,
        Map<String, Long> mapValueSizes,
        Map<String, String> config) {
    /** The object as it is. */
    public static final Loading NONE = new Loading(Map.of(), Map.of(), Map.of(), Map.of());

    private static final Pattern CONFIG = Pattern.compile("CONFIG_[A-Za-z0-9_]+");

    /** Copies the maps. */
    public Loading {
        globals = Map.copyOf(globals);
        mapEntries = Map.copyOf(mapEntries);
        mapValueSizes = Map.copyOf(mapValueSizes);
        config = Map.copyOf(config);
    }

    /** Returns true where nothing is set. */
    public boolean isNone() {
        return equals(NONE);
    }

    /** Returns all settings in one order, one a line. */
    public String text() {
        return new TreeMap<>(globals) + "\n" + new TreeMap<>(mapEntries) + "\n" + new TreeMap<>(mapValueSizes) + "\n"
                + new TreeMap<>(config) + "\n";
    }

    /** The same with a kernel's configuration. */
    public Loading withConfig(Map<String, String> values) {
        return new Loading(globals, mapEntries, mapValueSizes, values);
    }

    /** The same with those values of the configuration alone that an object's bytes name: most objects name few. */
    public Loading forObject(byte[] object) {
        if (config.isEmpty()) {
            return this;
        }
        Map<String, String> named = new TreeMap<>();
        Matcher names = CONFIG.matcher(new String(object, StandardCharsets.ISO_8859_1));
        while (names.find()) {
            String value = config.get(names.group());
            if (value != null) {
                named.put(names.group(), value);
            }
        }
        return new Loading(globals, mapEntries, mapValueSizes, named);
    }

    /**
     * The options to read an object with that is to run, for a kernel's types, or {@link Btf#EMPTY}: maps that a loader has to
     * size have usual sizes.
     */
    public ReadOptions readOptions(Btf kernelTypes) {
        return applied(ReadOptions.DEFAULT.withTargetTypes(kernelTypes).forRuns());
    }

    /** The same options, with these settings. */
    public ReadOptions applied(ReadOptions options) {
        ReadOptions sized =
                options.withPresets(globals).withMapEntries(mapEntries).withMapValueSizes(mapValueSizes);
        return config.isEmpty() ? sized : sized.withConfig(config);
    }
}
