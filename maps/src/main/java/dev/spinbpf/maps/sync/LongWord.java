package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A shared 64-bit word in a Java object; the modes are those of {@link GuestWords}. */
final class LongWord {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(LongWord.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("UnusedVariable") // through VALUE
    private long value;

    /** The value as its only writer, or an idle observer, sees it: plain, and no schedule point. */
    public long getPlain() {
        return value;
    }

    /** Stores before the word is shared: plain, and no schedule point. */
    public void setPlain(long newValue) {
        value = newValue;
    }

    public long getOpaque() {
        SchedulePoint.reach(SharedAccess.READ, this, 0);
        return (long) VALUE.getOpaque(this);
    }

    public long getAcquire() {
        SchedulePoint.reach(SharedAccess.READ, this, 0);
        return (long) VALUE.getAcquire(this);
    }

    public void setOpaque(long newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0);
        VALUE.setOpaque(this, newValue);
    }

    public void setRelease(long newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0);
        VALUE.setRelease(this, newValue);
    }

    public long compareAndExchange(long expected, long newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.compareAndExchange(this, expected, newValue);
    }

    public long compareAndExchangeAcquire(long expected, long newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.compareAndExchangeAcquire(this, expected, newValue);
    }

    public long getAndAdd(long delta) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.getAndAdd(this, delta);
    }

    public long getAndSet(long newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.getAndSet(this, newValue);
    }

    public long getAndBitwiseOr(long mask) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.getAndBitwiseOr(this, mask);
    }

    public long getAndBitwiseAnd(long mask) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0);
        return (long) VALUE.getAndBitwiseAnd(this, mask);
    }

    /** Says that the caller looked at this word in vain and will look again; see {@link SharedAccess#WAIT}. */
    public void waitFor() {
        SchedulePoint.reach(SharedAccess.WAIT, this, 0);
    }
}
