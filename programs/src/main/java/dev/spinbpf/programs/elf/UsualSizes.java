package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.util.List;

/** Sizes of maps that declare none because their loader sets it, for runs without that loader. */
final class UsualSizes {
    /** Frames of a stack, as many as Linux walks by default: {@code PERF_MAX_STACK_DEPTH}. */
    private static final int STACK_DEPTH = 127;

    private static final long MANY = 10_240;
    private static final long SOME = 256;
    private static final long RING_BYTES = 256 << 10;

    private UsualSizes() {}

    /** Returns a map with the sizes that it lacks; a note says so. */
    static MapDef of(MapDef map, List<String> notes) {
        MapDef.Builder builder = map.toBuilder();
        long entries = map.maxEntries() == 0 ? entries(map.type()) : 0;
        boolean needsValues = map.type() == MapType.STACK_TRACE && map.valueSize() == 0;
        if (entries == 0 && !needsValues) {
            return map;
        }
        if (entries != 0) {
            builder.maxEntries(entries);
            notes.add("map '" + map.name() + "': declares no max_entries, which its loader sets; here it has " + entries
                    + ", or what --map-entries says");
        }
        if (needsValues) {
            builder.valueSize(STACK_DEPTH * Long.BYTES);
            notes.add("map '" + map.name() + "': declares no value_size, which its loader sets; here its stacks have "
                    + STACK_DEPTH + " frames, or as many bytes as --map-value-size says");
        }
        return builder.build();
    }

    /** The usual number of entries; 0 for kinds that have none, or count otherwise. */
    private static long entries(MapType type) {
        return switch (type) {
            case HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, LPM_TRIE, HASH_OF_MAPS, STACK_TRACE -> MANY;
            case ARRAY, PERCPU_ARRAY, PROG_ARRAY, ARRAY_OF_MAPS, CGROUP_ARRAY, QUEUE, STACK -> SOME;
            case SOCKMAP, SOCKHASH, DEVMAP, DEVMAP_HASH, CPUMAP, XSKMAP, REUSEPORT_SOCKARRAY -> SOME;
            case RINGBUF -> RING_BYTES;
            default -> 0;
        };
    }
}
