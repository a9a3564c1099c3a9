package dev.spinbpf.maps.cpu;

/** A function that runs at a {@link HookPoint}: on the CPU that got there, in the middle of the operation. */
@FunctionalInterface
public interface InternalHook {
    /** Runs; the meaning of {@code first} and {@code second} is said at {@code point}. */
    void fire(Cpu cpu, HookPoint point, long first, long second);
}
