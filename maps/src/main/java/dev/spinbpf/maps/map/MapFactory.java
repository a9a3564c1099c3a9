package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemoryExhaustedException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.model.MapCreation;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.MapRefusedException;
import dev.spinbpf.programs.model.MapValueTypes;

/** Makes maps, with the checks of {@code bpf(BPF_MAP_CREATE)}. */
public final class MapFactory {
    private MapFactory() {}

    /**
     * Makes a map and enters it into the environment's table.
     *
     * <p>Initial contents of global data are there and the map is frozen if its definition says so;
     * {@link MapDef#slots} are for the caller to fill, by {@link BpfMap#sysUpdate}, since they name programs and other
     * maps. As libbpf does, a map whose types Linux refuses is made without them: it has no special fields then.
     *
     * @param btf the types that the definition refers to
     * @throws MapCreationException where Linux would refuse, or the kind is not supported
     */
    public static BpfMap create(MapDef def, Btf btf, MapEnvironment environment) throws MapCreationException {
        checkAttributes(def);
        checkMemory(def, environment);
        int id = environment.table().takeId();
        GuestArena arena = new GuestArena("map '" + def.name() + "'", environment.limitBytes());
        MapDef inner = def.inner();
        CheckedMapDef definition = new CheckedMapDef(
                def,
                MapValueTypes.recordOf(def, btf),
                inner == null ? BtfRecord.EMPTY : MapValueTypes.recordOf(inner, btf),
                environment,
                arena,
                id);
        BpfMap map;
        try {
            map = instantiate(definition);
        } catch (GuestMemoryExhaustedException e) {
            arena.close();
            throw (MapCreationException)
                    new MapCreationException(ENOMEM, def.name(), "there is no memory for it: " + e.getMessage())
                            .initCause(e);
        }
        int error = def.readOnly() ? map.sysFreeze() : 0;
        if (error != 0) {
            arena.close();
            throw new MapCreationException(-error, def.name(), "read-only data cannot be frozen");
        }
        environment.table().publish(map);
        return map;
    }

    private static void checkAttributes(MapDef def) throws MapCreationException {
        boolean typed = def.keyTypeId() != 0 && def.valueTypeId() != 0;
        try {
            MapCreation.check(def, typed);
        } catch (MapRefusedException e) {
            throw (MapCreationException) new MapCreationException(e.errno(), def.name(), e.reason()).initCause(e);
        }
    }

    /**
     * Refuses a map whose elements, all there from the beginning, cannot fit; also where their size is beyond 64 bits.
     */
    private static void checkMemory(MapDef def, MapEnvironment environment) throws MapCreationException {
        double copies =
                switch (def.type()) {
                    case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH ->
                        environment.cpus().count();
                    case RINGBUF, USER_RINGBUF, BLOOM_FILTER, LPM_TRIE -> 0;
                    case TASK_STORAGE, SK_STORAGE, INODE_STORAGE, CGRP_STORAGE -> 0;
                    case DEVMAP, DEVMAP_HASH, CPUMAP, SOCKMAP, SOCKHASH, XSKMAP, REUSEPORT_SOCKARRAY -> 0;
                    default -> 1;
                };
        boolean preallocated = (def.flags() & MapFlags.BPF_F_NO_PREALLOC) == 0;
        double bytes = copies * Integer.toUnsignedLong(def.valueSize()) * def.maxEntries();
        if (preallocated && bytes > environment.limitBytes()) {
            throw new MapCreationException(
                    ENOMEM,
                    def.name(),
                    "its values take %.0f bytes, the limit is %d".formatted(bytes, environment.limitBytes()));
        }
    }

    private static BpfMap instantiate(CheckedMapDef definition) throws MapCreationException {
        MapDef def = definition.def();
        return switch (def.type()) {
            case STACK_TRACE -> new StackTraceMap(definition);
            case ARENA -> new ArenaMap(definition);
            case ARRAY -> new ArrayMap(definition);
            case PERCPU_ARRAY -> new PercpuArrayMap(definition);
            case HASH -> new HashMapOfValues(definition);
            case PERCPU_HASH -> new PercpuHashMap(definition);
            case HASH_OF_MAPS -> new HashMapOfMaps(definition);
            case LRU_HASH, LRU_PERCPU_HASH -> new LruHashMap(definition);
            case LPM_TRIE -> new LpmTrieMap(definition);
            case PROG_ARRAY, ARRAY_OF_MAPS -> new SlotArrayMap(definition);
            case QUEUE, STACK -> new QueueStackMap(definition);
            case RINGBUF -> new RingBufferMap(definition);
            case USER_RINGBUF -> new UserRingBufferMap(definition);
            case BLOOM_FILTER -> new BloomFilterMap(definition);
            case RHASH -> new ResizableHashMap(definition);
            case DEVMAP, DEVMAP_HASH, CPUMAP -> new TargetMap(definition);
            case INSN_ARRAY -> new InsnArrayMap(definition);
            case SOCKMAP, SOCKHASH, XSKMAP, REUSEPORT_SOCKARRAY -> new SocketMap(definition);
            case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE -> new CgroupStorageMap(definition);
            case TASK_STORAGE, SK_STORAGE, INODE_STORAGE, CGRP_STORAGE -> new LocalStorageMap(definition);
            case CGROUP_ARRAY -> new CgroupArrayMap(definition);
            case PERF_EVENT_ARRAY -> new PerfEventArrayMap(definition);
            default -> throw new UnsupportedMapException(def.name(), def.type().display());
        };
    }
}
