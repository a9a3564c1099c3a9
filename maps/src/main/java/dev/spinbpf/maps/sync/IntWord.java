package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A shared 32-bit word in a Java object; the modes are those of {@link GuestWords}. */
public final class IntWord {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(IntWord.class, "value", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;

    @SuppressWarnings("UnusedVariable") // through VALUE
    private int value;

    /**
     * Makes a word that is 0.
     *
     * @param name what to call it in the record of a simulation
     */
    public IntWord(String name) {
        this.name = name;
    }

    /** The value as its only writer, or an idle observer, sees it: plain, and no schedule point. */
    public int getPlain() {
        return value;
    }

    /** Stores before the word is shared: plain, and no schedule point. */
    public void setPlain(int newValue) {
        value = newValue;
    }

    public int getOpaque() {
        SchedulePoint.reach(SharedAccess.READ, this, 0, Integer.BYTES);
        return (int) VALUE.getOpaque(this);
    }

    public int getAcquire() {
        SchedulePoint.reach(SharedAccess.READ, this, 0, Integer.BYTES);
        return (int) VALUE.getAcquire(this);
    }

    public void setOpaque(int newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0, Integer.BYTES);
        VALUE.setOpaque(this, newValue);
    }

    public void setRelease(int newValue) {
        SchedulePoint.reach(SharedAccess.WRITE, this, 0, Integer.BYTES);
        VALUE.setRelease(this, newValue);
    }

    public int compareAndExchange(int expected, int newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.compareAndExchange(this, expected, newValue);
    }

    public int compareAndExchangeAcquire(int expected, int newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.compareAndExchangeAcquire(this, expected, newValue);
    }

    public int getAndAdd(int delta) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.getAndAdd(this, delta);
    }

    public int getAndSet(int newValue) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.getAndSet(this, newValue);
    }

    public int getAndBitwiseOr(int mask) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.getAndBitwiseOr(this, mask);
    }

    public int getAndBitwiseAnd(int mask) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
        return (int) VALUE.getAndBitwiseAnd(this, mask);
    }

    /** Says that the caller looked at this word in vain and will look again; see {@link SharedAccess#WAIT}. */
    public void waitFor() {
        SchedulePoint.reach(SharedAccess.WAIT, this, 0, Integer.BYTES);
    }

    @Override
    public String toString() {
        return name;
    }
}
