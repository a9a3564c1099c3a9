package dev.spinbpf.verifier.state;

import org.jspecify.annotations.Nullable;

/**
 * Something acquired that must be released.
 *
 * @param type what it is
 * @param id unique id; registers that hold it have the same
 * @param insn slot of the instruction that acquired it
 * @param parentId of {@link Type#PTR}: the object that it was derived from, else 0
 * @param lockOwner of locks: the {@link MapInfo} or type ({@link RegPayload.BtfRef}) whose value holds the lock, else null
 */
public record AcquiredReference(
        Type type, int id, int insn, int parentId, @Nullable Object lockOwner) {
    /** The kind of thing that was acquired. */
    public enum Type {
        PTR,
        IRQ,
        LOCK,
        RES_LOCK,
        RES_LOCK_IRQ;

        public boolean isLock() {
            return this == LOCK || this == RES_LOCK || this == RES_LOCK_IRQ;
        }
    }
}
