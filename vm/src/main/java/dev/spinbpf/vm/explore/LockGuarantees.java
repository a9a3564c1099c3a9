package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockEnd;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockWord;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.lock.TasLock;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.Machine;

/**
 * The promises of resilient locks besides exclusion: nobody gives up before its time, an NMI does not queue on top of a
 * waiter of its own CPU, and at the end of a run all is as it was before: words free, tables of held locks empty, no
 * queue node in use, preemption and interrupts enabled.
 */
final class LockGuarantees {
    private final Finding.Sink sink;
    private long beginNanos;

    LockGuarantees(Finding.Sink sink) {
        this.sink = sink;
    }

    /** Begins a run at a moment of virtual time. */
    void begin(long nowNanos) {
        beginNanos = nowNanos;
    }

    /** Returns how long an attempt waits at least that ends by timeout; 0 for other ends. */
    private static long leastWaitNanos(LockEnd end) {
        return switch (end) {
            case TIMEOUT_PENDING -> RqSpinLock.PENDING_TIMEOUT_NANOS;
            case TIMEOUT_HEAD -> RqSpinLock.HEAD_TIMEOUT_NANOS;
            case TIMEOUT_SPIN -> TasLock.TIMEOUT_NANOS;
            default -> 0;
        };
    }

    /** An attempt of a CPU has failed. */
    void failed(Cpu cpu, LockFailure failure, Place place) {
        LockEnd end = failure.end();
        String name = failure.lockClass().name();
        // Who queues behind a head has joined after it, and gives up with it; no head does within its first 500 ms.
        boolean told = end == LockEnd.TIMEOUT_QUEUE;
        long waitedNanos = told ? cpu.nanoTime() - beginNanos : failure.waitedNanos();
        if (waitedNanos < (told ? RqSpinLock.HEAD_TIMEOUT_NANOS : leastWaitNanos(end))) {
            found(
                    name + " gave up too soon in " + place.shown(),
                    "CPU " + failure.cpu() + " gave up after " + waitedNanos / 1_000_000 + " ms.",
                    failure.attemptedLock());
        }
        boolean queued = end == LockEnd.TIMEOUT_HEAD || told;
        if (queued && cpu.inNmi() && cpu.nodeCount() > 0) {
            found(
                    name + " queued an NMI on a waiter in " + place.shown(),
                    "The NMI on CPU " + failure.cpu() + " waited in a queue, on top of a waiter that it interrupts.",
                    failure.attemptedLock());
        }
    }

    /**
     * A run has ended.
     *
     * @param locks addresses of the resilient locks that were taken
     */
    void ended(Machine machine, long[] locks) {
        for (long lock : locks) {
            int word = GuestMemory.getInt(lock);
            if (word != 0) {
                found(
                        machine.lockStats().ofAddress(lock).name() + " is not free at the end",
                        "Its word is " + LockWord.toString(word) + ", and nobody holds it or waits for it.",
                        lock);
            }
        }
        for (Cpu cpu : machine.cpus().all()) {
            boolean rests = cpu.heldLocks().count() == 0
                    && cpu.nodeCount() == 0
                    && cpu.preemptCount() == 0
                    && cpu.irqsEnabled();
            if (!rests) {
                found(
                        "CPU " + cpu.id() + " is not at rest at the end",
                        "Held locks: " + cpu.heldLocks().count() + ", queue nodes: " + cpu.nodeCount()
                                + ", preemption disabled: " + cpu.preemptCount() + ", interrupts "
                                + (cpu.irqsEnabled() ? "enabled." : "disabled."),
                        0);
            }
        }
    }

    private void found(String title, String explanation, long lock) {
        sink.found(new Finding(Finding.Kind.GUARANTEE, "guarantee: " + title, title, explanation, lock));
    }
}
