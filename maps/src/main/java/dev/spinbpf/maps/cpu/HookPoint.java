package dev.spinbpf.maps.cpu;

/**
 * The places inside the runtime at which a tracing program may run in the middle of an operation.
 *
 * <p>What the two arguments of {@link InternalHook#fire} are is said at each.
 */
public enum HookPoint {
    /** {@code trace_contention_begin}: lock address, flags ({@code LCB_F_SPIN} = 1). */
    CONTENTION_BEGIN,
    /** {@code trace_contention_end}: lock address, 0 or a negative errno. */
    CONTENTION_END,
    /** A map update begins, no lock held yet: map id, address of the key. */
    MAP_UPDATE_BEFORE_LOCK,
    /** A map update holds its bucket's or map's lock: map id, address of the key. */
    MAP_UPDATE_UNDER_LOCK,
    /** A map update has let go of its lock: map id, address of the key. */
    MAP_UPDATE_AFTER_LOCK,
    /** A deletion begins, no lock held yet: map id, address of the key. */
    MAP_DELETE_BEFORE_LOCK,
    /** A deletion holds its bucket's or map's lock: map id, address of the key. */
    MAP_DELETE_UNDER_LOCK,
    /** A deletion has let go of its lock: map id, address of the key. */
    MAP_DELETE_AFTER_LOCK,
    /** An element of a hash map is about to be freed, with no lock held any more: map id, address of the element. */
    ELEMENT_FREE,
    /** An element is to be taken from the free lists, none locked yet: map id, id of the CPU. */
    FREELIST_POP_BEFORE_LOCK,
    /** An element is taken from a free list, whose lock is held: map id, id of the CPU whose list it is. */
    FREELIST_POP,
    /** An element is to be put on a free list, none locked yet: map id, address of the element. */
    FREELIST_PUSH_BEFORE_LOCK,
    /** An element is put on a free list, whose lock is held: map id, address of the element. */
    FREELIST_PUSH;

    /** {@code LCB_F_SPIN}: the contended lock is a spinning one. */
    public static final long FLAG_SPIN = 1;
}
