package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The maps of all objects that have a program loaded. */
public final class ServedMaps {
    private final Engine engine;
    private final ReentrantLock lock;
    private final Change.Listener listener;

    /**
     * The maps of an engine.
     *
     * @param lock the engine's, held while a map is used
     * @param listener learns of each change
     */
    ServedMaps(Engine engine, ReentrantLock lock, Change.Listener listener) {
        this.engine = engine;
        this.lock = lock;
        this.listener = listener;
    }

    /**
     * A map.
     *
     * @param object the object that declares it
     * @param map the map in the present machine
     */
    public record ServedMap(ServedObject object, BpfMap map) {}

    /**
     * A value that was read from a map.
     *
     * @param map the map
     * @param value what was read
     */
    public record Reading<T>(ServedMap map, T value) {}

    /** Returns all of them. */
    public List<ServedMap> all() throws Refusal {
        lock.lock();
        try {
            List<ServedMap> maps = new ArrayList<>();
            for (ServedObject object : engine.objects()) {
                maps.addAll(of(object));
            }
            return maps;
        } finally {
            lock.unlock();
        }
    }

    private List<ServedMap> of(ServedObject object) throws Refusal {
        if (!object.isLoaded()) {
            return List.of();
        }
        try {
            return engine.run().machine().maps(object.contents()).stream()
                    .map(map -> new ServedMap(object, map))
                    .toList();
        } catch (MapCreationException e) {
            throw new Refusal(Kind.CONFLICT, String.valueOf(e.getMessage()));
        }
    }

    /** Returns a map of an object. */
    public ServedMap get(String object, String name) throws Refusal {
        lock.lock();
        try {
            for (ServedMap map : of(engine.object(object))) {
                if (map.map().name().equals(name)) {
                    return map;
                }
            }
        } finally {
            lock.unlock();
        }
        throw new Refusal(
                Kind.ABSENT, "object " + object + " has no map " + name + ", or none of its programs is loaded");
    }

    /** Work on a map of the present machine. */
    @FunctionalInterface
    private interface MapWork<T> {
        T on(BpfMap map, Cpu cpu) throws Refusal;
    }

    private <T> Reading<T> onMap(String object, String map, @Nullable Change change, MapWork<T> work) throws Refusal {
        lock.lock();
        try {
            ServedMap found = get(object, map);
            T result = engine.run().onCpu(cpu -> work.on(found.map(), cpu));
            if (change != null) {
                listener.changed(change);
            }
            return new Reading<>(found, result);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads elements of a map.
     *
     * @param after the key to go on after; null to begin
     * @param most how many
     */
    public Reading<MapPage> page(String object, String map, byte @Nullable [] after, int most) throws Refusal {
        return onMap(object, map, null, (found, cpu) -> MapOperations.page(found, cpu, after, most));
    }

    /** Reads an element. */
    public Reading<MapPage.Element> lookup(String object, String map, byte[] key) throws Refusal {
        return onMap(object, map, null, (found, cpu) -> MapOperations.lookup(found, cpu, key));
    }

    /** Puts an element in; flags are {@code any}, {@code noexist} or {@code exist}. */
    public void update(String object, String map, byte[] key, byte[] value, String flags) throws Refusal {
        long bits = MapOperations.flags(flags);
        onMap(object, map, new Change.Updated(object, map, key, value), (found, cpu) -> {
            MapOperations.update(found, cpu, key, value, bits);
            return true;
        });
    }

    /** Removes an element. */
    public void delete(String object, String map, byte[] key) throws Refusal {
        onMap(object, map, new Change.Deleted(object, map, key), (found, cpu) -> {
            MapOperations.delete(found, cpu, key);
            return true;
        });
    }
}
