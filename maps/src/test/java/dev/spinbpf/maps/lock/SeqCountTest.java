package dev.spinbpf.maps.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.ScheduleFailure;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.maps.sync.GuestWords;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A pair of words under a sequence counter, with its writer stopped anywhere. */
class SeqCountTest {
    private static final int FEW_STEPS = 3000;

    private final GuestArena arena = new GuestArena("test");

    @AfterEach
    void close() {
        arena.close();
    }

    /** The pair, its counter and its lock, on the CPUs of one run. */
    private final class Pair {
        final Cpus cpus;
        final LockAlgorithm locks;
        final LockClass writers;
        final LockClass readers;
        final SeqCount seqCount;
        final long lock = arena.allocate(64, 64);
        final long sequence = lock + 8;
        final long first = lock + 16;
        final long second = lock + 24;

        Pair(Simulation simulation, int cpuCount) {
            cpus = simulation.machine(cpuCount);
            LockStats stats = new LockStats(cpuCount);
            locks = new RqSpinLock(stats);
            writers = stats.internal("writers");
            readers = stats.internal("readers");
            seqCount = new SeqCount(locks, readers);
        }

        void write(Cpu cpu, long value) {
            long flags = cpu.irqSave();
            assertThat(locks.lockIrqsave(cpu, lock, writers, flags)).isZero();
            SeqCount.writeBegin(sequence);
            GuestWords.setLongOpaque(first, value);
            GuestWords.setLongOpaque(second, value);
            SeqCount.writeEnd(sequence);
            locks.unlockIrqrestore(cpu, lock, flags);
        }

        /** Reads a pair that must be one; returns how often it had to be read, or 0 if it may be half written. */
        int read(Cpu cpu) {
            for (int reads = 1; ; reads++) {
                long start = seqCount.readBegin(cpu, sequence, lock);
                long one = GuestWords.getLongOpaque(first);
                long other = GuestWords.getLongOpaque(second);
                if (!SeqCount.readRetry(sequence, start)) {
                    boolean whole = !SeqCount.isWriting(start);
                    assertThat(!whole || one == other)
                            .as("%d and %d", one, other)
                            .isTrue();
                    return whole ? reads : 0;
                }
            }
        }

        /** A reader that waits until the counter is even, which readers of this counter do not. */
        long readSpinning() {
            long start = GuestWords.getLongAcquire(sequence);
            while (SeqCount.isWriting(start)) {
                start = GuestWords.getLongAcquire(sequence);
            }
            return start;
        }
    }

    private static Limits fewSteps(Limits limits) {
        return new Limits(limits.preemptions(), limits.interrupts(), limits.levels(), FEW_STEPS, limits.virtualNanos());
    }

    @Test
    void readersSeeWholePairsAndWaitForAStoppedWriterByItsLock() {
        long[] waited = new long[1];
        int[] most = new int[1];
        Explorer.exhaustively(fewSteps(Limits.preemptions(3)), simulation -> {
            Pair pair = new Pair(simulation, 2);
            Cpu writer = pair.cpus.get(0);
            Cpu reader = pair.cpus.get(1);
            simulation.strand(writer, () -> pair.write(writer, 7));
            simulation.strand(reader, () -> {
                int reads = pair.read(reader);
                assertThat(reads).isPositive();
                most[0] = Math.max(most[0], reads);
            });
            simulation.atEnd(() -> {
                waited[0] += pair.readers.attempts();
                assertThat(reader.heldLocks().count()).isZero();
                assertThat(reader.irqsEnabled()).isTrue();
            });
        });
        assertThat(waited[0]).as("readers that took the lock").isPositive();
        assertThat(most[0]).as("reads of one reader").isEqualTo(2);
    }

    @Test
    void twoWritersAndAReader() {
        Explorer.exhaustively(Limits.preemptions(1), simulation -> {
            Pair pair = new Pair(simulation, 3);
            for (int i = 0; i < 2; i++) {
                Cpu writer = pair.cpus.get(i);
                simulation.strand(writer, () -> pair.write(writer, writer.id() + 1));
            }
            Cpu reader = pair.cpus.get(2);
            simulation.strand(reader, () -> assertThat(pair.read(reader)).isPositive());
        });
    }

    /** The reader whom the writer cannot outlive: it runs on the writer's CPU. */
    @Test
    void readerOnTopOfTheWriterIsToldSoAtOnce() {
        int[] halfWritten = new int[1];
        Limits limits = fewSteps(Limits.preemptions(0).withInterrupts(1, ContextLevel.NMI));
        Explorer.exhaustively(limits, simulation -> {
            Pair pair = new Pair(simulation, 1);
            Cpu cpu = pair.cpus.get(0);
            cpu.setInterruptHandler((interrupted, level) -> {
                long before = interrupted.nanoTime();
                halfWritten[0] += pair.read(interrupted) == 0 ? 1 : 0;
                assertThat(interrupted.nanoTime() - before).isLessThan(1_000_000);
            });
            simulation.strand(cpu, () -> pair.write(cpu, 7));
            simulation.atEnd(() -> assertThat(pair.read(cpu)).isEqualTo(1));
        });
        assertThat(halfWritten[0]).isPositive();
    }

    /** A writer that stops for good, in the middle and with the lock held: readers give up after the lock's time limit. */
    @Test
    void readerOutlivesAWriterThatNeverGoesOn() {
        Explorer.exhaustively(fewSteps(Limits.preemptions(1)), simulation -> {
            Pair pair = new Pair(simulation, 2);
            Cpu writer = pair.cpus.get(0);
            Cpu reader = pair.cpus.get(1);
            long flags = writer.irqSave();
            assertThat(pair.locks.lockIrqsave(writer, pair.lock, pair.writers, flags))
                    .isZero();
            SeqCount.writeBegin(pair.sequence);
            simulation.strand(reader, () -> {
                long before = reader.nanoTime();
                assertThat(pair.read(reader)).isZero();
                assertThat(reader.nanoTime() - before).isBetween(250_000_000L, 252_000_000L);
            });
            simulation.atEnd(() -> {
                SeqCount.writeEnd(pair.sequence);
                pair.locks.unlockIrqrestore(writer, pair.lock, flags);
            });
        });
    }

    /** The test of the test: a reader that spins until the count is even never ends after a writer was stopped. */
    @Test
    void spinningReaderLivelocks() {
        assertThatThrownBy(() -> Explorer.exhaustively(fewSteps(Limits.preemptions(1)), simulation -> {
                    Pair pair = new Pair(simulation, 2);
                    Cpu writer = pair.cpus.get(0);
                    simulation.strand(writer, () -> pair.write(writer, 7));
                    simulation.strand(pair.cpus.get(1), () -> assertThat(pair.readSpinning())
                            .isEven());
                }))
                .isInstanceOf(ScheduleFailure.class)
                .hasMessageContaining("no end after");
    }
}
