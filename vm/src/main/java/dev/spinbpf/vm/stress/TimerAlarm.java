package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.deferred.Alarm;
import dev.spinbpf.vm.deferred.DeferredCalls;

/** Makes CPUs take a softirq when one of their timers is due, by the clock of a stress run. */
final class TimerAlarm implements Alarm, Ticker.Watched {
    private static final long LONGEST_NANOS = 1_000_000_000;

    /** Time after which to look again at a CPU that has not taken its softirq yet. */
    private static final long PENDING_NANOS = 100_000;

    private final Machine machine;
    private final Ticker ticker;

    TimerAlarm(Machine machine, Ticker ticker) {
        this.machine = machine;
        this.ticker = ticker;
        ticker.watch(this);
    }

    @Override
    public void set(Cpu cpu, long atNanos) {
        ticker.movedTo(System.nanoTime() + Math.min(atNanos - cpu.nanoTime(), LONGEST_NANOS));
    }

    @Override
    public long look(long nowNanos) {
        long machineNow = machine.cpus().clock().nanoTime();
        long wait = LONGEST_NANOS;
        for (Cpu cpu : machine.cpus().all()) {
            long due = machine.deferred().nextDueNanos(cpu);
            if (due == DeferredCalls.NEVER) {
                continue;
            }
            if (due - machineNow <= 0) {
                cpu.raise(ContextLevel.SOFTIRQ);
                wait = Math.min(wait, PENDING_NANOS);
            } else {
                wait = Math.min(wait, due - machineNow);
            }
        }
        return nowNanos + wait;
    }
}
