package dev.spinbpf.maps.lock;

import java.util.Locale;

/** The kinds of places that locks are in: of programs, and inside maps. */
public enum LockKind {
    /** A program's global variable. */
    GLOBAL,
    /** A member of the elements of a map. */
    MAP_VALUE,
    /** A member of objects that programs allocate, or another place that has no name. */
    OBJECT,
    /** The bucket of a hash, or of the hash of a local storage map. */
    BUCKET,
    /** The list of free elements of a CPU. */
    FREELIST,
    /** A queue map. */
    QUEUE,
    /** A stack map. */
    STACK,
    /** An LPM trie. */
    LPM,
    /** A ring buffer. */
    RINGBUF,
    /** The rings of an LRU hash that all CPUs share. */
    LRU,
    /** The elements of an LRU hash that a CPU has set aside. */
    LRU_LOCAL,
    /** The storage of one owner. */
    STORAGE,
    /** The pages of an arena. */
    ARENA,
    /** A lock of a stress mode, which belongs to no program and no map. */
    STRESS,
    /** Locks beyond the most that are told apart. */
    OTHER;

    /** Returns the word in reports and labels: {@code map_value}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
