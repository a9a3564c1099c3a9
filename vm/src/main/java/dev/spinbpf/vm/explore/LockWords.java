package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.vm.Machine;
import java.util.function.LongFunction;

/** Failures of locks in plain words. */
final class LockWords {
    private LockWords() {}

    static String title(LockFailure failure) {
        return failure.outcome() == LockOutcome.NO_NODE ? "no queue node" : word(failure.outcome());
    }

    /** Returns what met what. */
    static String explanation(LockFailure failure, Place place, LongFunction<String> names, Machine machine) {
        String name = failure.lockClass().name();
        String who = "CPU " + failure.cpu() + " in " + failure.level().word() + " wants " + name + " (" + place.shown()
                + ")";
        return who + ", " + because(failure, name, names, machine);
    }

    private static String because(LockFailure failure, String name, LongFunction<String> names, Machine machine) {
        ContextLevel level = failure.holderLevel();
        boolean own = failure.holderCpu() == failure.cpu();
        String holder = level == null ? "" : "CPU " + failure.holderCpu() + " holds since " + level.word();
        return switch (failure.outcome()) {
            case AA ->
                own
                        ? "which the same CPU holds: taken in " + (level == null ? "" : level.word()) + ", below."
                        : "which the same CPU holds or waits for already, below.";
            case ABBA -> {
                Cpu other = machine.cpus().get(Math.max(0, failure.holderCpu()));
                HeldLocks held = other.heldLocks();
                String wanted =
                        held.count() > 0 ? names.apply(held.lock(Math.min(held.count(), HeldLocks.SLOTS) - 1)) : "?";
                yield level == null
                        ? "and the CPU that held it wanted a lock which this one holds."
                        : "which " + holder + ", and that CPU wants " + wanted + ", which CPU " + failure.cpu()
                                + " holds.";
            }
            case TIMEOUT ->
                level == null
                        ? "waited " + failure.waitedNanos() / 1_000_000 + " ms, and gave up; by now it is free."
                        : "waited " + failure.waitedNanos() / 1_000_000 + " ms, and gave up: " + holder + " " + name
                                + ".";
            case NO_NODE ->
                "which is not free, and has no queue node to wait with: it interrupts a waiter of its own CPU.";
            default -> throw new IllegalArgumentException(failure.outcome() + " is no failure");
        };
    }

    static String word(LockOutcome outcome) {
        return switch (outcome) {
            case AA -> "AA";
            case ABBA -> "ABBA";
            case TIMEOUT -> "timeout";
            case NO_NODE -> "no node";
            default -> "0";
        };
    }
}
