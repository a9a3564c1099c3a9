package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.model.MapDef;

/**
 * A checked definition, from which a map is made.
 *
 * @param record special fields of the value
 * @param innerRecord special fields of the inner maps' values, for maps of maps
 */
record CheckedMapDef(
        MapDef def, BtfRecord record, BtfRecord innerRecord, MapEnvironment environment, GuestArena arena, int id) {}
