package dev.spinbpf.vm.order;

import dev.spinbpf.maps.lock.LockIdentity;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.verifier.locking.LockUse;
import dev.spinbpf.verifier.locking.ProgramLock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The locks of all programs. Maps and variables of two objects are different ones, whatever their names, unless the loader pins
 * them by name; names that several locks have are told apart by the object's file and, where that is not enough, by a number.
 */
final class LockNodes {
    private final Map<Key, LockNode> nodes = new LinkedHashMap<>();

    /**
     * The identity of a lock.
     *
     * @param scope the object, or the name under which a map is pinned
     * @param map index of the map in its object, 0 for a pinned map, -1 for none
     * @param inside the map's name where the runtime takes the lock inside of it, else empty
     * @param name the name that it goes by
     */
    private record Key(String scope, int map, LockKind kind, String inside, String name) {
        String insideOf() {
            return inside.isEmpty() ? "" : scope + ' ' + map + ' ' + inside;
        }
    }

    LockNodes(List<LockProgram> programs) {
        Map<Key, String> files = new LinkedHashMap<>();
        for (LockProgram program : programs) {
            for (LockUse use : program.uses()) {
                for (Key key : keys(program, use)) {
                    files.putIfAbsent(key, program.file());
                }
            }
        }
        Map<String, Integer> named = new LinkedHashMap<>();
        files.keySet().forEach(key -> named.merge(key.name, 1, Integer::sum));
        Set<String> given = new LinkedHashSet<>();
        files.forEach((key, file) -> {
            boolean isAlone = Objects.requireNonNull(named.get(key.name)) == 1;
            String wanted = isAlone ? key.name : key.name + " (" + file + ")";
            String name = wanted;
            for (int number = 2; !given.add(name); number++) {
                name = wanted + " #" + number;
            }
            nodes.put(key, new LockNode(nodes.size(), key.kind, name, key.insideOf(), isOne(key.kind)));
        });
    }

    private static boolean isOne(LockKind kind) {
        return switch (kind) {
            case GLOBAL, QUEUE, STACK, LPM, RINGBUF, ARENA -> true;
            default -> false;
        };
    }

    private static List<Key> keys(LockProgram program, LockUse use) {
        List<Key> keys = new ArrayList<>();
        switch (use.act()) {
            case LockUse.Take take -> keys.add(key(program, take.lock()));
            case LockUse.MapCall call -> {
                for (MapLocks.Taken taken : MapLocks.of(call, false).taken()) {
                    keys.add(key(program, call, taken.kind()));
                }
            }
        }
        return keys;
    }

    private static Key key(LockProgram program, ProgramLock lock) {
        LockKind kind =
                switch (lock.kind()) {
                    case VARIABLE -> LockKind.GLOBAL;
                    case ELEMENT -> LockKind.MAP_VALUE;
                    case OBJECT -> LockKind.OBJECT;
                };
        return inMap(program, lock.map(), kind, "", lock.name());
    }

    private static Key key(LockProgram program, LockUse.MapCall call, LockKind kind) {
        if (kind == LockKind.MAP_VALUE) {
            return key(program, Objects.requireNonNull(call.elementLock()));
        }
        LockIdentity lock = LockIdentity.inside(call.map().name(), 0, kind);
        return inMap(program, call.index(), kind, "map " + lock.map(), lock.text());
    }

    private static Key inMap(LockProgram program, int map, LockKind kind, String inside, String name) {
        boolean isKnown = map >= 0 && map < program.maps().size();
        MapDef def = isKnown ? program.maps().get(map) : null;
        return def != null && def.pinned()
                ? new Key("pinned", 0, kind, inside, name)
                : new Key("object " + program.object(), map, kind, inside, name);
    }

    LockNode of(LockProgram program, ProgramLock lock) {
        return Objects.requireNonNull(nodes.get(key(program, lock)), lock.name());
    }

    LockNode inside(LockProgram program, LockUse.MapCall call, LockKind kind) {
        return Objects.requireNonNull(nodes.get(key(program, call, kind)), call.helper());
    }

    List<LockNode> all() {
        return Collections.unmodifiableList(new ArrayList<>(nodes.values()));
    }
}
