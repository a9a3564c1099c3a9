package dev.spinbpf.verifier.explain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The frames of a path that is followed: where the values in their registers and stacks come from. */
final class PathMemory {
    private static final int REGISTERS = 12;
    private static final int CALLEE_SAVED = 6;

    private final List<Frame> frames = new ArrayList<>();

    private record Cell(int sizeBytes, Origin origin) {}

    /** @param isCallback whether a call of the kernel's made the frame, and is made again after it */
    private record Frame(Origin[] registers, NavigableMap<Long, Cell> stack, boolean isCallback) {}

    PathMemory() {
        push(false);
        for (int number = 1; number < CALLEE_SAVED; number++) {
            set(number, new Origin.Argument(number, 0));
        }
    }

    /** Enters a function; its arguments from R1 on. */
    void push(boolean isCallback, Origin... args) {
        var registers = new Origin[REGISTERS];
        Arrays.fill(registers, Origin.UNKNOWN);
        System.arraycopy(args, 0, registers, 1, args.length);
        registers[10] = new Origin.Stack(frames.size(), 0);
        frames.add(new Frame(registers, new TreeMap<>(), isCallback));
    }

    /** Leaves the function; the caller gets R0. */
    void pop() {
        if (frames.size() > 1) {
            Origin result = get(0);
            Frame left = frames.removeLast();
            if (!left.isCallback) {
                callClobbers(result);
            }
        }
    }

    int depth() {
        return frames.size();
    }

    /** The caller's registers after a call. */
    void callClobbers(Origin result) {
        for (int number = 1; number < CALLEE_SAVED; number++) {
            set(number, Origin.UNKNOWN);
        }
        set(0, result);
    }

    Origin get(int register) {
        return frames.getLast().registers[register];
    }

    void set(int register, Origin origin) {
        frames.getLast().registers[register] = origin;
    }

    void store(Origin.Stack at, int sizeBytes, Origin origin) {
        NavigableMap<Long, Cell> stack = stackOf(at);
        if (stack != null) {
            stack.subMap(at.offset() - Long.BYTES, false, at.offset() + sizeBytes, false)
                    .entrySet()
                    .removeIf(cell -> cell.getKey() + cell.getValue().sizeBytes > at.offset());
            stack.put(at.offset(), new Cell(sizeBytes, origin));
        }
    }

    /** The source of the bytes; unknown unless they were stored together. */
    Origin load(Origin.Stack at, int sizeBytes) {
        NavigableMap<Long, Cell> stack = stackOf(at);
        Cell cell = stack == null ? null : stack.get(at.offset());
        return cell == null || cell.sizeBytes != sizeBytes ? Origin.UNKNOWN : cell.origin;
    }

    /** Forgets what lies from a place upwards. */
    void forget(Origin.Stack from) {
        NavigableMap<Long, Cell> stack = stackOf(from);
        if (stack != null) {
            stack.tailMap(from.offset()).clear();
        }
    }

    private @Nullable NavigableMap<Long, Cell> stackOf(Origin.Stack at) {
        return at.frame() < frames.size() ? frames.get(at.frame()).stack : null;
    }
}
