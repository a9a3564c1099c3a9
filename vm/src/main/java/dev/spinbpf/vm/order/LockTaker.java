package dev.spinbpf.vm.order;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.context.RecursionGuard;

/**
 * A program, or a function that it has called back later, in the context in which it runs.
 *
 * @param file the object's file name, without the directory
 * @param program the program's name
 * @param level the level at which it runs; the lowest one where it runs inside of the runtime
 * @param guard what keeps it from running on top of itself or its like
 * @param where how it comes to run, as a report says it: {@code softirq}, {@code softirq, by a timer}, {@code inside
 *     contention_begin}
 * @param id number of the program among all that were given, from 0; the same for its callbacks
 */
public record LockTaker(String file, String program, ContextLevel level, RecursionGuard guard, String where, int id) {

    /** Returns false where a recursion guard keeps this from running on top of the other on one CPU. */
    boolean mayRunOn(LockTaker below) {
        return switch (guard) {
            case SHARED -> below.guard != RecursionGuard.SHARED;
            case PER_PROGRAM -> below.id != id;
            case NONE -> true;
        };
    }

    /** The same on top of another, at whose level it then runs. */
    LockTaker in(LockTaker other) {
        String inner = where + ", in " + other.level.word();
        return new LockTaker(file, program, other.level, guard, inner, id);
    }
}
