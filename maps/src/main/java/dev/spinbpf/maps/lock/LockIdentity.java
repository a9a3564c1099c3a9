package dev.spinbpf.maps.lock;

/**
 * The names under which a lock is known.
 *
 * @param kind the kind of place that it is in
 * @param map the name of the map that it is in, empty where it is in none or in global data
 * @param mapId the id of the map that it is in, also of global data; 0 for none
 * @param lock its bare name: of the variable, of the member, or for a lock inside a map its kind
 * @param address its guest address, 0 where it stands for many
 * @param text its name in reports for people: {@code outer}, {@code sessions[3].lock}, {@code map 'flows' bucket}
 */
public record LockIdentity(LockKind kind, String map, int mapId, String lock, long address, String text) {

    /** Returns the names of a lock that is known by its own name alone. */
    public static LockIdentity named(LockKind kind, String name) {
        return new LockIdentity(kind, "", 0, name, 0, name);
    }

    /** Returns the names of a lock in a global variable. */
    public static LockIdentity ofGlobal(int mapId, String name, long address) {
        return new LockIdentity(LockKind.GLOBAL, "", mapId, name, address, name);
    }

    /** Returns the names of the lock of an element. */
    public static LockIdentity ofElement(String map, int mapId, String key, String member, long address) {
        String text = map + "[" + key + "]." + member;
        return new LockIdentity(LockKind.MAP_VALUE, map, mapId, member, address, text);
    }

    /** Returns the names of the locks that the runtime takes inside a map. */
    public static LockIdentity inside(String map, int mapId, LockKind kind) {
        String word = kind.word();
        return new LockIdentity(kind, map, mapId, word, 0, "map '" + map + "' " + word.replace('_', ' '));
    }

    /** Returns the names of a lock of which nothing but its address is known. */
    public static LockIdentity ofAddress(long address) {
        return new LockIdentity(LockKind.OBJECT, "", 0, "object", address, "lock at 0x" + Long.toHexString(address));
    }

    /** Returns true where both have the same names, whatever their addresses and maps' ids. */
    boolean hasNamesOf(LockIdentity other) {
        return kind == other.kind && map.equals(other.map) && lock.equals(other.lock) && text.equals(other.text);
    }

    /** Returns the same lock with another name for people. */
    LockIdentity withText(String newText) {
        return new LockIdentity(kind, map, mapId, lock, address, newText);
    }
}
