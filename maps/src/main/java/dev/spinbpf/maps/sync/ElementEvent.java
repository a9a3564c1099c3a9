package dev.spinbpf.maps.sync;

/** Something that a program did with a map's element with some key. */
public sealed interface ElementEvent {
    /** Returns the map's number. */
    int map();

    /** Returns the guest address of the key, valid while the event is told. */
    long key();

    /** Returns the key's size in bytes. */
    int keySize();

    /**
     * A look-up in a map whose values all CPUs share has ended.
     *
     * @param value guest address of the value that was found, 0 for none
     * @param valueSize size of a value in bytes
     */
    record Found(int map, long key, int keySize, long value, int valueSize) implements ElementEvent {}

    /**
     * An update has put an element; nobody else can have touched it yet.
     *
     * @param replaces whether there was an element with the key, whose value is gone
     */
    record Put(int map, long key, int keySize, boolean replaces) implements ElementEvent {}
}
