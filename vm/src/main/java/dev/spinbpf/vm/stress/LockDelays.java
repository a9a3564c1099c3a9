package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.HoldDelay;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockIdentity;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Keeps CPUs busy in critical sections, as a workload says. */
final class LockDelays implements HoldDelay {
    /** No delays. */
    static final LockDelays NONE = new LockDelays(List.of(), 0, 1);

    private final List<ProgramWorkload.LockDelay> delays;
    private final Map<LockClass, ProgramWorkload.LockDelay[]> delaysByLock = new ConcurrentHashMap<>();
    private final SplittableRandom[] randoms;
    private volatile boolean stopped;

    LockDelays(List<ProgramWorkload.LockDelay> delays, int cpus, long seed) {
        this.delays = delays;
        SplittableRandom seeds = new SplittableRandom(seed);
        randoms = IntStream.range(0, cpus).mapToObj(cpu -> seeds.split()).toArray(SplittableRandom[]::new);
    }

    /** Ends all delays, now and from now on. */
    void stop() {
        if (!delays.isEmpty()) {
            stopped = true;
        }
    }

    @Override
    public void taken(Cpu cpu, LockClass lock) {
        ProgramWorkload.LockDelay[] known = delaysByLock.get(lock);
        for (ProgramWorkload.LockDelay delay : known == null ? delaysByLock.computeIfAbsent(lock, this::of) : known) {
            boolean here = delay.level() == null || delay.level() == cpu.level();
            if (here && (delay.oneIn() <= 1 || randoms[cpu.id()].nextInt(delay.oneIn()) == 0)) {
                wait(cpu, delay.nanos());
            }
        }
    }

    private ProgramWorkload.LockDelay[] of(LockClass lock) {
        return delays.stream().filter(delay -> fits(delay, lock.identity())).toArray(ProgramWorkload.LockDelay[]::new);
    }

    private static boolean fits(ProgramWorkload.LockDelay delay, LockIdentity lock) {
        boolean isNamed = delay.lock().equals(lock.lock()) || delay.lock().equals(lock.text());
        return (delay.map().isEmpty() || delay.map().equals(lock.map()))
                && (delay.lock().isEmpty() || isNamed);
    }

    /** Is busy while interrupts land. */
    private void wait(Cpu cpu, long nanos) {
        long endNanos = cpu.nanoTime() + nanos;
        for (int turns = 0; cpu.nanoTime() - endNanos < 0 && !stopped; turns++) {
            cpu.relax(turns);
            cpu.poll();
        }
    }
}
