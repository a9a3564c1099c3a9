package dev.spinbpf.verifier.prune;

import java.util.Arrays;

/**
 * Which stack a register's value may point into, and where: a value of the analysis that finds stack accesses through
 * pointers. Immutable.
 *
 * <p>From precise to vague: a frame with up to four offsets; a frame with any offset; any of a set of frames. The vaguer
 * value takes the place of two that meet.
 */
final class ArgTrack {
    /** Not reached yet. */
    static final ArgTrack UNVISITED = new ArgTrack(-2, 0, new short[0]);

    /** Points into no stack. */
    static final ArgTrack NONE = new ArgTrack(-1, 0, new short[0]);

    private static final int IMPRECISE = -3;
    private static final int MAX_OFFSETS = 4;

    private final int frame;
    private final int frames;
    private final short[] offsets;

    private ArgTrack(int frame, int frames, short[] offsets) {
        this.frame = frame;
        this.frames = frames;
        this.offsets = offsets;
    }

    /** A known place: an offset in bytes from a frame's top. */
    static ArgTrack at(int frame, int offset) {
        return new ArgTrack(frame, 0, new short[] {(short) offset});
    }

    private static ArgTrack anyOffset(int frame) {
        return new ArgTrack(frame, 0, NONE.offsets);
    }

    /** Points into one of the frames whose bits are set, or nowhere. */
    static ArgTrack imprecise(int frames) {
        return new ArgTrack(IMPRECISE, frames, NONE.offsets);
    }

    boolean isVisited() {
        return frame != UNVISITED.frame;
    }

    boolean isNone() {
        return frame == NONE.frame;
    }

    /** Whether it may point into a stack. */
    boolean isStack() {
        return frame >= 0 || isImprecise();
    }

    boolean isImprecise() {
        return frame == IMPRECISE;
    }

    /** The frame, negative if it is not one frame. */
    int frame() {
        return frame;
    }

    /** The frames of {@link #imprecise}, a bit each. */
    int frames() {
        return frames;
    }

    /** Possible offsets; 0 if they are not known. */
    int offsetCount() {
        return offsets.length;
    }

    int offset(int index) {
        return offsets[index];
    }

    /** Whether it may point into the stack of the frame. */
    boolean mayBe(int wanted) {
        return frame == wanted || (isImprecise() && (frames >>> wanted & 1) != 0);
    }

    private int frameBits() {
        return frame >= 0 ? 1 << frame : frames;
    }

    private ArgTrack joinFrames(ArgTrack other) {
        return imprecise(frameBits() | other.frameBits());
    }

    /** The value where two paths meet. */
    ArgTrack join(ArgTrack other) {
        if (!other.isVisited() || same(other)) {
            return this;
        }
        if (!isVisited()) {
            return other;
        }
        if (frame == other.frame && frame >= 0) {
            return offsets.length == 0 || other.offsets.length == 0 ? anyOffset(frame) : joinOffsets(other);
        }
        if (frame >= 0 && other.isNone()) {
            return joinNone();
        }
        if (other.frame >= 0 && isNone()) {
            return other.joinNone();
        }
        return joinFrames(other);
    }

    /** A second offset keeps what is written there from counting as overwritten for sure. */
    private ArgTrack joinNone() {
        return offsets.length == 1 ? joinOffsets(at(frame, 0)) : this;
    }

    private ArgTrack joinOffsets(ArgTrack other) {
        short[] all = Arrays.copyOf(offsets, offsets.length + other.offsets.length);
        System.arraycopy(other.offsets, 0, all, offsets.length, other.offsets.length);
        Arrays.sort(all);
        int count = 0;
        for (short offset : all) {
            if (count == 0 || all[count - 1] != offset) {
                all[count++] = offset;
            }
        }
        return count > MAX_OFFSETS ? anyOffset(frame) : new ArgTrack(frame, 0, Arrays.copyOf(all, count));
    }

    /** The value moved by a constant. */
    ArgTrack plus(long delta) {
        if (offsets.length == 0) {
            return this;
        }
        short[] moved = new short[offsets.length];
        for (int i = 0; i < moved.length; i++) {
            long sum = offsets[i] + delta;
            if (delta != (short) delta || sum != (short) sum) {
                return anyOffset(frame);
            }
            moved[i] = (short) sum;
        }
        return new ArgTrack(frame, 0, moved);
    }

    /** The value after other arithmetic: the frame remains. */
    ArgTrack blurred() {
        return frame >= 0 ? anyOffset(frame) : this;
    }

    /** The value after arithmetic with another register. */
    ArgTrack combine(ArgTrack other) {
        if (frame >= 0 && (other.isNone() || other.frame == frame)) {
            return anyOffset(frame);
        }
        if (other.frame >= 0 && isNone()) {
            return anyOffset(other.frame);
        }
        return isNone() && other.isNone() ? this : joinFrames(other);
    }

    boolean same(ArgTrack other) {
        return frame == other.frame && frames == other.frames && Arrays.equals(offsets, other.offsets);
    }

    @Override
    public String toString() {
        return isImprecise() ? "frames" + Integer.toBinaryString(frames) : "fp" + frame + Arrays.toString(offsets);
    }
}
