package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The input of a program run.
 *
 * @param bytes packet, context or arguments, by kind of program; null for a short UDP packet, arguments by their types,
 *     or zeros
 * @param arguments values of arguments by their positions from 0, where the bytes are null; numbers are 0 else
 * @param level the level at which it runs; null for that of its kind of program
 */
public record RunInput(
        byte @Nullable [] bytes,
        Map<Integer, Long> arguments,
        @Nullable ContextLevel level) {
    /** Copies the arguments. */
    public RunInput(byte @Nullable [] bytes, Map<Integer, Long> arguments, @Nullable ContextLevel level) {
        this.bytes = bytes;
        this.arguments = Map.copyOf(arguments);
        this.level = level;
    }
}
