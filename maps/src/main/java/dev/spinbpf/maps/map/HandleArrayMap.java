package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/** An array of words that stand for something outside of the map, 0 where there is nothing; user space names it by a 32-bit handle. */
abstract sealed class HandleArrayMap extends BpfMap permits CgroupArrayMap, PerfEventArrayMap, SlotArrayMap {
    private final long slots;
    private final int count;

    HandleArrayMap(CheckedMapDef definition) {
        super(definition);
        count = (int) maxEntries();
        slots = arena().allocate(maxEntries() * Long.BYTES);
    }

    /** The address of the word at an index, which is unsigned. */
    final long slot(int index) {
        return slots + (index & 0xffffffffL) * Long.BYTES;
    }

    /** True if the array has this index, which is unsigned. */
    final boolean has(int index) {
        return Integer.compareUnsigned(index, count) < 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        int index = GuestMemory.getInt(key);
        if (!has(index)) {
            return -E2BIG;
        }
        return GuestWords.getAndSetLong(slot(index), 0) == 0 ? -ENOENT : 0;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return ArrayKeys.next(count, key, nextKey);
    }

    @Override
    public int sysValueSize(long flags) {
        return Integer.BYTES;
    }
}
