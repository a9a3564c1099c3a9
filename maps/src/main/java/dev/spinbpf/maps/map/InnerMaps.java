package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import org.jspecify.annotations.Nullable;

/** The contents of maps of maps: maps that are like its template. */
final class InnerMaps {
    private InnerMaps() {}

    /**
     * The address of the map with this id, or a negative errno value: -EBADF no such map, -EINVAL not like the
     * template.
     */
    static long resolve(BpfMap outer, int id) {
        BpfMap inner = outer.environment().table().byId(id);
        if (inner == null) {
            return -EBADF;
        }
        return isAlike(outer.def().inner(), outer, inner) ? inner.address() : -EINVAL;
    }

    /** The id of the map at an address. */
    static int idOf(long address) {
        return GuestMemory.getInt(address + BpfMap.ID_OFFSET);
    }

    /** {@code map_meta_equal}; arrays must also be of one length unless the template allows any. */
    private static boolean isAlike(@Nullable MapDef template, BpfMap outer, BpfMap inner) {
        MapDef def = inner.def();
        if (template == null
                || template.type() != def.type()
                || template.keySize() != def.keySize()
                || template.valueSize() != def.valueSize()
                || template.flags() != def.flags()
                || !outer.innerRecord().fields().equals(inner.layout().record().fields())) {
            return false;
        }
        boolean isArray = def.type() == MapType.ARRAY || def.type() == MapType.PERCPU_ARRAY;
        return !isArray
                || (template.flags() & MapFlags.BPF_F_INNER_MAP) != 0
                || template.maxEntries() == def.maxEntries();
    }
}
