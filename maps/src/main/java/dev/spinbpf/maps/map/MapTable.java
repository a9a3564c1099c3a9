package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The maps of one machine by id, which is also the handle by which maps of maps refer to them. Ids start at 1. */
public final class MapTable {
    private volatile @Nullable BpfMap[] maps = new @Nullable BpfMap[16];
    private int nextId = 1;

    synchronized int takeId() {
        return nextId++;
    }

    synchronized void publish(BpfMap map) {
        @Nullable BpfMap[] copy = Arrays.copyOf(maps, Math.max(maps.length, Integer.highestOneBit(map.id()) * 2));
        copy[map.id()] = map;
        maps = copy;
    }

    synchronized void remove(BpfMap map) {
        @Nullable BpfMap[] copy = maps.clone();
        copy[map.id()] = null;
        maps = copy;
    }

    /** The map with this id, or null. */
    public @Nullable BpfMap byId(int id) {
        @Nullable BpfMap[] current = maps;
        return id > 0 && id < current.length ? current[id] : null;
    }

    /**
     * The map that a program's map pointer points to, or null where there is none at that address.
     *
     * @throws IndexOutOfBoundsException where the address does not exist
     */
    public @Nullable BpfMap byAddress(long address) {
        BpfMap map = byId(GuestMemory.getInt(address + BpfMap.ID_OFFSET));
        return map != null && map.address() == address ? map : null;
    }

    /** All maps, by id. */
    public List<BpfMap> all() {
        List<BpfMap> all = new ArrayList<>();
        for (BpfMap map : maps) {
            if (map != null) {
                all.add(map);
            }
        }
        return List.copyOf(all);
    }
}
