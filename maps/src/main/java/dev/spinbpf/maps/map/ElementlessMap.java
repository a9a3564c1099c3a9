package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;

/** A map without elements, such as a ring buffer: what is done with keys and values fails with -ENOTSUPP. */
abstract sealed class ElementlessMap extends BpfMap permits RingBufferMap, UserRingBufferMap {
    ElementlessMap(CheckedMapDef definition) {
        super(definition);
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return -ENOTSUPP;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return -ENOTSUPP;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }
}
