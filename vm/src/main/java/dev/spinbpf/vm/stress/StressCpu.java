package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.DeadlockException;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Landing;
import dev.spinbpf.vm.exec.TrapException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** The life of one CPU in a stress run: tasks one after the other, and what its interrupts do. */
final class StressCpu {
    private static final int MOST_POLLS_BETWEEN_INTERRUPTS = 12;

    /** One in this many interrupts is a hardirq. */
    private static final int HARD_INTERRUPT_SHARE = 8;

    /** One in this many comes after a drawn number of instructions; programs are interpreted until then. */
    private static final int LANDING_SHARE = 512;

    private final Cpu cpu;
    private final EventTable events;
    private final Machine machine;
    private final SplittableRandom random;
    private final BooleanSupplier stopping;
    private final List<byte[]> packets;
    private final boolean packetsInTurn;
    private final Errands errands;
    private final boolean[] unpacedDue = new boolean[ContextLevel.count()];
    private int nextPacket;
    private int pollsLeft = 1;

    StressCpu(
            Machine machine,
            Cpu cpu,
            EventTable events,
            List<byte[]> packets,
            boolean packetsInTurn,
            Errands errands,
            SplittableRandom random,
            BooleanSupplier stopping) {
        this.machine = machine;
        this.cpu = cpu;
        this.events = events;
        this.errands = errands;
        this.random = random;
        this.stopping = stopping;
        this.packets = packets;
        this.packetsInTurn = packetsInTurn;
    }

    void run() {
        cpu.setInterruptHandler((at, level) -> interrupt(level));
        machine.context(cpu.id()).pollPoint(this::poll);
        int idleTurns = 0;
        try {
            while (!stopping.getAsBoolean()) {
                errands.run(cpu);
                if (!events.schedules()) {
                    machine.tasks().turn(cpu);
                }
                machine.deferred().runWork(machine.context(cpu.id()));
                boolean worked = events.stepStructs(cpu);
                worked |= fire(ContextLevel.TASK, true);
                if (!worked) {
                    machine.context(cpu.id()).landNow();
                }
                worked |= raiseUnpaced(ContextLevel.SOFTIRQ);
                worked |= raiseUnpaced(ContextLevel.HARDIRQ);
                cpu.poll();
                idleTurns = worked ? 0 : Math.min(idleTurns + 1, Integer.MAX_VALUE - 1);
                if (!worked) {
                    cpu.relax(idleTurns);
                }
            }
        } catch (DeadlockException e) {
            // The machine knows it; the run is about to stop.
        } finally {
            machine.deferred().idle(machine.context(cpu.id()));
        }
    }

    /** Raises an interrupt for what is not paced at a level; false where there is nothing. */
    private boolean raiseUnpaced(ContextLevel level) {
        if (!events.hasUnpaced(cpu, level)) {
            return false;
        }
        unpacedDue[level.ordinal()] = true;
        cpu.raise(level);
        return true;
    }

    /** Between the instructions of a program: lets interrupts land now and then. */
    private void poll(Execution run) {
        if (stopping.getAsBoolean()) {
            throw TrapException.stop();
        }
        if (--pollsLeft > 0) {
            return;
        }
        pollsLeft = 1 + random.nextInt(MOST_POLLS_BETWEEN_INTERRUPTS);
        // Only what interrupts the present level, or one interrupt would bring the next for ever.
        boolean hard = random.nextInt(HARD_INTERRUPT_SHARE) == 0 && events.hasUnpaced(cpu, ContextLevel.HARDIRQ);
        ContextLevel interrupt = hard ? ContextLevel.HARDIRQ : ContextLevel.SOFTIRQ;
        if (cpu.level().compareTo(interrupt) < 0 && !landsLater(interrupt)) {
            raiseUnpaced(interrupt);
        }
    }

    /** Lets a few of the interrupts come between any two instructions; false where this one comes now. */
    private boolean landsLater(ContextLevel interrupt) {
        if (random.nextInt(LANDING_SHARE) != 0 || !events.hasUnpaced(cpu, interrupt)) {
            return false;
        }
        unpacedDue[interrupt.ordinal()] = true;
        return machine.context(cpu.id()).landInterrupt(interrupt, 1 + random.nextInt(Landing.MOST_INSTRUCTIONS));
    }

    private void interrupt(ContextLevel level) {
        boolean unpaced = unpacedDue[level.ordinal()];
        unpacedDue[level.ordinal()] = false;
        unpaced |= events.takeInterrupt(cpu, level);
        machine.deferred().runTimers(machine.context(cpu.id()), level);
        fire(level, unpaced);
    }

    /** Runs what is due at a level. Returns true if anything was. */
    private boolean fire(ContextLevel level, boolean unpaced) {
        boolean fired = false;
        for (EventSource source : events.at(level)) {
            if (source.isOn(cpu) && (source.isPaced() ? source.take(cpu) : unpaced)) {
                source.fire(cpu, this::packet);
                fired = true;
            }
        }
        return fired;
    }

    private byte[] packet() {
        if (!packetsInTurn) {
            return packets.get(random.nextInt(packets.size()));
        }
        byte[] packet = packets.get(nextPacket);
        nextPacket = (nextPacket + 1) % packets.size();
        return packet;
    }
}
