package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A row of shared 64-bit words in a Java object; the modes are those of {@link GuestWords}. */
public final class LongWords {
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final String name;
    private final long[] words;

    /**
     * Makes words that are all 0.
     *
     * @param name what to call them in the record of a simulation
     */
    public LongWords(String name, int length) {
        this.name = name;
        words = new long[length];
    }

    public int length() {
        return words.length;
    }

    /** The value as its only writer, or an idle observer, sees it: plain, and no schedule point. */
    public long getPlain(int index) {
        return words[index];
    }

    /** Stores while nobody else looks: plain, and no schedule point. */
    public void setPlain(int index, long value) {
        words[index] = value;
    }

    public long getOpaque(int index) {
        SchedulePoint.reach(SharedAccess.READ, this, index, Long.BYTES);
        return (long) WORDS.getOpaque(words, index);
    }

    public void setOpaque(int index, long value) {
        SchedulePoint.reach(SharedAccess.WRITE, this, index, Long.BYTES);
        WORDS.setOpaque(words, index, value);
    }

    public long getAcquire(int index) {
        SchedulePoint.reach(SharedAccess.READ, this, index, Long.BYTES);
        return (long) WORDS.getAcquire(words, index);
    }

    public void setRelease(int index, long value) {
        SchedulePoint.reach(SharedAccess.WRITE, this, index, Long.BYTES);
        WORDS.setRelease(words, index, value);
    }

    /** Stores what others read for reports only, so that no run depends on it: opaque, and no schedule point. */
    public void note(int index, long value) {
        WORDS.setOpaque(words, index, value);
    }

    /** Reads what {@link #note} stored: opaque, and no schedule point. */
    public long noted(int index) {
        return (long) WORDS.getOpaque(words, index);
    }

    @Override
    public String toString() {
        return name;
    }
}
