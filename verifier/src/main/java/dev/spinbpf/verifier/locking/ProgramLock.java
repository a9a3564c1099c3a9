package dev.spinbpf.verifier.locking;

/**
 * A lock that programs take by its address. The locks of all elements of a map are one, and those of all objects of a type: which
 * element it is, is not known before the program runs.
 *
 * @param kind the kind of place that it is in
 * @param map the index of the map that it is in, in the program's object; -1 for an object, and for maps inside of maps
 * @param name its name: {@code table}, {@code accounts[key].lock}, {@code node.lock}
 */
public record ProgramLock(Kind kind, int map, String name) {
    /** The kinds of places that a program's lock is in. */
    public enum Kind {
        /** A global variable. */
        VARIABLE,
        /** A member of the elements of a map. */
        ELEMENT,
        /** A member of objects that programs allocate. */
        OBJECT
    }
}
