package dev.spinbpf.programs.linux;

import java.util.Optional;

/** Kinds of maps: Linux's {@code enum bpf_map_type} without its prefix. */
public enum MapType implements Numbered {
    UNSPEC(0),
    HASH(1),
    ARRAY(2),
    PROG_ARRAY(3),
    PERF_EVENT_ARRAY(4),
    PERCPU_HASH(5),
    PERCPU_ARRAY(6),
    STACK_TRACE(7),
    CGROUP_ARRAY(8),
    LRU_HASH(9),
    LRU_PERCPU_HASH(10),
    LPM_TRIE(11),
    ARRAY_OF_MAPS(12),
    HASH_OF_MAPS(13),
    DEVMAP(14),
    SOCKMAP(15),
    CPUMAP(16),
    XSKMAP(17),
    SOCKHASH(18),
    CGROUP_STORAGE(19),
    REUSEPORT_SOCKARRAY(20),
    PERCPU_CGROUP_STORAGE(21),
    QUEUE(22),
    STACK(23),
    SK_STORAGE(24),
    DEVMAP_HASH(25),
    STRUCT_OPS(26),
    RINGBUF(27),
    INODE_STORAGE(28),
    TASK_STORAGE(29),
    BLOOM_FILTER(30),
    USER_RINGBUF(31),
    CGRP_STORAGE(32),
    ARENA(33),
    INSN_ARRAY(34),
    RHASH(35);

    private final int number;

    MapType(int number) {
        this.number = number;
    }

    /** The number in Linux's {@code enum bpf_map_type}. */
    @Override
    public int number() {
        return number;
    }

    /** Returns true for maps of values without keys, which user space pushes and peeks. */
    public boolean isKeyless() {
        return this == QUEUE || this == STACK || this == BLOOM_FILTER;
    }

    /** True if Linux does not make maps of this kind with the types of their keys and values. */
    public boolean isMadeWithoutTypes() {
        return switch (this) {
            case PERF_EVENT_ARRAY,
                    CGROUP_ARRAY,
                    STACK_TRACE,
                    ARRAY_OF_MAPS,
                    HASH_OF_MAPS,
                    DEVMAP,
                    DEVMAP_HASH,
                    CPUMAP,
                    XSKMAP,
                    SOCKMAP,
                    SOCKHASH,
                    QUEUE,
                    STACK,
                    ARENA -> true;
            default -> false;
        };
    }

    /** The constant with this number, or empty. */
    public static Optional<MapType> of(int number) {
        return Numbered.of(values(), number);
    }
}
