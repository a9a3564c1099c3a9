package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;

/** An array of values that are there from the beginning to the end: none can be deleted. */
abstract sealed class ValueArrayMap extends BpfMap permits ArrayMap, PercpuArrayMap {
    /** Distance between the beginnings of two values, in bytes. */
    final long elementSize;

    final int count;

    ValueArrayMap(CheckedMapDef definition) {
        super(definition);
        elementSize = Bytes.roundUp8(valueSize);
        count = (int) maxEntries();
    }

    @Override
    public long entryCount() {
        return maxEntries();
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return -EINVAL;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return ArrayKeys.next(count, key, nextKey);
    }
}
