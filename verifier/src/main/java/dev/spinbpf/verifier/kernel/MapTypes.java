package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.MapType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Types of maps: the helpers and programs that they go with. */
public final class MapTypes {
    private static final String ALL = "*";

    private final Map<MapType, Row> rows = new EnumMap<>(MapType.class);

    private record Row(Set<String> helpers, Set<String> says, String struct) {}

    MapTypes(KernelVersion version) {
        for (String[] row : Tables.rows("map_types.tsv", version)) {
            rows.put(MapType.valueOf(row[0]), new Row(Tables.words(row[1]), Tables.words(row[2]), row[3]));
        }
    }

    /** Returns whether the kernel has maps of the type. */
    boolean has(MapType type) {
        return rows.containsKey(type);
    }

    /** Returns whether the helper and maps of the type go together. */
    public boolean takes(MapType type, String helper, HelperTraits traits) {
        Set<MapType> named = traits.maps();
        Set<String> helpers = row(type).helpers;
        if (named.contains(type)) {
            return true;
        }
        return named.isEmpty() && helpers.contains(ALL) || helpers.contains(helper);
    }

    /** Returns whether programs that may sleep may use maps of the type. */
    public boolean isSleepable(MapType type) {
        return row(type).says.contains("sleepable");
    }

    /** Returns whether programs may walk the elements with a callback. */
    public boolean isWalkable(MapType type) {
        return row(type).says.contains("for_each");
    }

    /** Returns whether such maps hold sockets, which only some programs may change. */
    public boolean holdsSockets(MapType type) {
        return row(type).says.contains("sockets");
    }

    /** The kernel's struct for maps of the type; {@code bpf_map} is at its beginning. */
    public String kernelStruct(MapType type) {
        return row(type).struct;
    }

    private Row row(MapType type) {
        return Objects.requireNonNull(rows.get(type), type.name());
    }
}
