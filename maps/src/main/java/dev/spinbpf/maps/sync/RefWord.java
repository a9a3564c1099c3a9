package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A shared reference in a Java object; the modes are those of {@link GuestWords}.
 *
 * @param <T> what it refers to
 */
public final class RefWord<T> {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(RefWord.class, "value", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;

    @SuppressWarnings("UnusedVariable") // through VALUE
    private @Nullable Object value;

    /**
     * Makes a word that is null.
     *
     * @param name what to call it in the record of a simulation
     */
    public RefWord(String name) {
        this.name = name;
    }

    @SuppressWarnings("unchecked")
    public @Nullable T getOpaque() {
        SchedulePoint.reach(SharedAccess.READ, this, 0, Long.BYTES);
        return (T) VALUE.getOpaque(this);
    }

    @SuppressWarnings("unchecked")
    public @Nullable T getAcquire() {
        SchedulePoint.reach(SharedAccess.READ, this, 0, Long.BYTES);
        return (T) VALUE.getAcquire(this);
    }

    public void setOpaque(@Nullable T newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0, Long.BYTES);
        VALUE.setOpaque(this, newValue);
    }

    public void setRelease(@Nullable T newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0, Long.BYTES);
        VALUE.setRelease(this, newValue);
    }

    /** Says that the caller looked at this word in vain and will look again; see {@link SharedAccess#WAIT}. */
    public void waitFor() {
        SchedulePoint.reach(SharedAccess.WAIT, this, 0, Long.BYTES);
    }

    @Override
    public String toString() {
        return name;
    }
}
