package dev.spinbpf.verifier.kernel;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The demands and effects of a kernel function besides its prototype and flags, as its row in the table says them. */
public final class KfuncTraits {
    private static final String DYNPTR = "dynptr:";
    private static final String RETURNS_BYTES = "returns_bytes:";

    private static final Map<String, Integer> DYNPTR_TYPES = Map.of(
            "SKB", TypeFlags.DYNPTR_TYPE_SKB,
            "XDP", TypeFlags.DYNPTR_TYPE_XDP,
            "SKB_META", TypeFlags.DYNPTR_TYPE_SKB_META,
            "FILE", TypeFlags.DYNPTR_TYPE_FILE);

    private final Set<Trait> traits = EnumSet.noneOf(Trait.class);
    private @Nullable Callback callback;
    private int dynptrType;
    private int returnedBytes;

    /** A single trait; the table's head explains each. */
    public enum Trait {
        UNDER_LOCK,
        CHANGES_PACKETS,
        DISOWNS_NODE,
        RBTREE_ADD,
        OBJ_NEW,
        OBJ_DROP,
        PERCPU,
        REFCOUNT_ACQUIRE,
        UNTRUSTED_RESULT,
        TAKES_LOCK,
        RELEASES_LOCK,
        SAVES_IRQ,
        RESTORES_IRQ,
        RCU_LOCK,
        RCU_UNLOCK,
        PREEMPT_DISABLE,
        PREEMPT_ENABLE,
        THROWS,
        TRAPS,
        TAKES_CONTEXT,
        KERNEL_CONTEXT,
        RDONLY_CAST,
        ITERATES_TASKS,
        SLICE,
        WRITABLE_SLICE,
        CLONES_DYNPTR
    }

    /**
     * Reads the column of traits.
     *
     * @throws IllegalArgumentException if it has one that there is not
     */
    KfuncTraits(String column) {
        for (String trait : Tables.words(column)) {
            Callback found = HelperTraits.callback(trait);
            if (found != null) {
                callback = found;
            } else if (trait.startsWith(DYNPTR)) {
                dynptrType = Objects.requireNonNull(DYNPTR_TYPES.get(trait.substring(DYNPTR.length())), trait);
            } else if (trait.startsWith(RETURNS_BYTES)) {
                returnedBytes = Integer.parseInt(trait.substring(RETURNS_BYTES.length()));
            } else if (!Endings.isEnding(trait)) {
                traits.add(Trait.valueOf(trait.toUpperCase(Locale.ROOT)));
            }
        }
    }

    public boolean has(Trait trait) {
        return traits.contains(trait);
    }

    /** The way in which it calls back; null if it does not. */
    public @Nullable Callback callback() {
        return callback;
    }

    /** Flag of {@link TypeFlags} for the kind of dynptr that it makes or releases; 0 if any. */
    public int dynptrType() {
        return dynptrType;
    }

    /** Size of the writable memory that it returns; 0 if the prototype or an argument says it. */
    public int returnedBytes() {
        return returnedBytes;
    }
}
