package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;

/** A map of values without keys: user space's update and lookup are push and peek there. */
abstract sealed class KeylessMap extends BpfMap permits BloomFilterMap, QueueStackMap {
    KeylessMap(CheckedMapDef definition) {
        super(definition);
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        return -EINVAL;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        return peek(cpu, value);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        return push(cpu, value, flags);
    }
}
