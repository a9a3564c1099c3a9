package dev.spinbpf.tools.snapshot;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.map.MapEnvironment;
import dev.spinbpf.maps.map.MapFactory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Machine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The maps of a snapshot, made again: each operation on them does what it does in a machine. */
public final class LiveMaps implements AutoCloseable {
    /** Most guest memory that a map of a snapshot may take: a file says what it likes. */
    private static final long MOST_BYTES = 4L << 30;

    private final Cpus cpus;
    private final MapEnvironment environment;
    private final List<BpfMap> maps = new ArrayList<>();
    private final List<Btf> types = new ArrayList<>();

    private LiveMaps(int cpuCount, long limitBytes) {
        cpus = new Cpus(cpuCount, Clock.REAL);
        SplittableRandom random = new SplittableRandom(1);
        MapEnvironment usual = MapEnvironment.of(cpus, random::nextInt);
        environment = new MapEnvironment(
                cpus, usual.locks(), usual.table(), usual.hashSeeds(), limitBytes, usual.canceller(), usual.owners());
    }

    /** Makes the maps and puts their elements in. */
    public static LiveMaps of(MapSnapshot snapshot) throws SnapshotException {
        return of(snapshot, MOST_BYTES);
    }

    /** @param limitBytes most guest memory that a map may take */
    static LiveMaps of(MapSnapshot snapshot, long limitBytes) throws SnapshotException {
        LiveMaps live = new LiveMaps(snapshot.cpus(), limitBytes);
        try {
            for (MapSnapshot.SavedMap saved : snapshot.maps()) {
                live.create(saved.def(), saved.types());
            }
            MapTransfer transfer = new MapTransfer(live.cpu(), live.maps);
            for (int i = 0; i < live.maps.size(); i++) {
                transfer.load(live.maps.get(i), snapshot.maps().get(i));
            }
        } catch (SnapshotException | MapCreationException e) {
            live.close();
            throw new SnapshotException("the snapshot's maps cannot be made again: " + e.getMessage());
        }
        return live;
    }

    /** Adds a map. */
    public BpfMap create(MapDef def, Btf btf) throws MapCreationException {
        BpfMap map = MapFactory.create(def, btf, environment);
        maps.add(map);
        types.add(btf);
        return map;
    }

    /** The maps; the id of one is its place here, from 1 on. */
    public List<BpfMap> maps() {
        return List.copyOf(maps);
    }

    /** The types that a map's definition refers to. */
    public Btf types(BpfMap map) {
        return types.get(maps.indexOf(map));
    }

    /** Returns the number of CPUs that per-CPU maps have values for. */
    public int cpuCount() {
        return cpus.count();
    }

    /** The CPU that operations are done on. */
    public Cpu cpu() {
        return cpus.get(0);
    }

    /** The maps as they are now. */
    public MapSnapshot snapshot() throws SnapshotException {
        MapTransfer transfer = new MapTransfer(cpu(), maps);
        List<MapSnapshot.SavedMap> saved = new ArrayList<>();
        for (int i = 0; i < maps.size(); i++) {
            saved.add(transfer.save(maps.get(i), types.get(i)));
        }
        return new MapSnapshot(cpus.count(), List.copyOf(saved));
    }

    /** The maps of an object in a machine, as they are now. */
    public static MapSnapshot snapshot(Machine machine, ProgramObject object)
            throws SnapshotException, MapCreationException {
        List<BpfMap> maps = machine.maps(object);
        MapTransfer transfer = new MapTransfer(machine.cpus().get(0), maps);
        List<MapSnapshot.SavedMap> saved = new ArrayList<>();
        for (BpfMap map : maps) {
            saved.add(transfer.save(map, object.btf()));
        }
        return new MapSnapshot(machine.cpus().count(), List.copyOf(saved));
    }

    /**
     * Puts what is in a snapshot into the maps of an object that have the same names.
     *
     * @return names of the snapshot's maps that the object does not have
     * @throws SnapshotException where a map has another type or size, or CPUs
     */
    public static List<String> restore(MapSnapshot snapshot, Machine machine, ProgramObject object)
            throws SnapshotException, MapCreationException {
        Map<String, BpfMap> byName = new HashMap<>();
        machine.maps(object).forEach(map -> byName.put(map.name(), map));
        List<@Nullable BpfMap> places = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (MapSnapshot.SavedMap saved : snapshot.maps()) {
            BpfMap map = byName.get(saved.def().name());
            places.add(map);
            if (map == null) {
                missing.add(saved.def().name());
            }
        }
        MapTransfer transfer = new MapTransfer(machine.cpus().get(0), places);
        for (MapSnapshot.SavedMap saved : snapshot.maps()) {
            BpfMap map = byName.get(saved.def().name());
            if (map != null) {
                check(map, saved.def(), snapshot.cpus(), machine.cpus().count());
                transfer.load(map, saved);
            }
        }
        return missing;
    }

    private static void check(BpfMap map, MapDef saved, int savedCpus, int cpus) throws SnapshotException {
        MapDef def = map.def();
        if (def.type() != saved.type() || def.keySize() != saved.keySize() || def.valueSize() != saved.valueSize()) {
            throw new SnapshotException(
                    "map '" + map.name() + "' is a " + shape(def) + "; the saved one is a " + shape(saved));
        }
        if (map.isPercpu() && savedCpus != cpus) {
            throw new SnapshotException("map '" + map.name() + "' was saved with " + savedCpus + " CPUs, not " + cpus);
        }
    }

    private static String shape(MapDef def) {
        return def.type().display() + " of " + def.keySize() + "+" + def.valueSize() + " bytes";
    }

    @Override
    public void close() {
        maps.forEach(BpfMap::close);
        maps.clear();
        types.clear();
    }
}
