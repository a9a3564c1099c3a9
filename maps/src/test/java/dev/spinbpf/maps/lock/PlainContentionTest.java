package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestArena;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waiters of an ordinary spin lock: the first spins, the others are queued and pass the tracepoints of contention. */
@Timeout(60)
class PlainContentionTest {
    private final Cpus cpus = new Cpus(3, Clock.REAL);
    private final LockStats stats = new LockStats(3);
    private final List<String> events = new CopyOnWriteArrayList<>();

    private Thread waiter(Cpu cpu, long lock) throws Exception {
        Thread thread = Thread.ofPlatform().start(() -> {
            long flags = PlainSpinLock.lock(cpu, lock, stats.ofAddress(lock));
            PlainSpinLock.unlock(cpu, lock, flags);
        });
        while (cpu.lockWaits().depth() == 0) {
            Thread.sleep(1);
        }
        return thread;
    }

    @Test
    void shouldPassTheTracepointsOfContentionWhereItIsQueued() throws Exception {
        try (GuestArena arena = new GuestArena("test")) {
            long lock = arena.allocate(8);
            for (HookPoint point : new HookPoint[] {HookPoint.CONTENTION_BEGIN, HookPoint.CONTENTION_END}) {
                cpus.hooks().set(point, (cpu, at, address, argument) -> {
                    assertThat(address).isEqualTo(lock);
                    events.add(at + " " + cpu.id() + " " + argument + " " + cpu.holdsSpinLock(lock));
                });
            }
            long flags = PlainSpinLock.lock(cpus.get(0), lock, stats.ofAddress(lock));
            Thread first = waiter(cpus.get(1), lock);
            assertThat(events).isEmpty();
            Thread second = waiter(cpus.get(2), lock);
            assertThat(events).containsExactly("CONTENTION_BEGIN 2 1 false");
            PlainSpinLock.unlock(cpus.get(0), lock, flags);
            first.join();
            second.join();
            assertThat(events).containsExactly("CONTENTION_BEGIN 2 1 false", "CONTENTION_END 2 0 true");
            assertThat(cpus.get(2).holdsSpinLock(lock)).isFalse();
        }
    }
}
