package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.PlainSpinLock;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A lock in guest memory and what it protects, from which a failure of mutual exclusion shows: the CPU inside, a
 * counter that is incremented without atomic instructions, and a balance that moves among locks and is never lost.
 *
 * <pre>
 *   word(4) .. owner(4) counter(8) balance(8)
 * </pre>
 */
final class GuardedLock {
    private static final int SIZE = 64;
    private static final int OWNER = 8;
    private static final int COUNTER = 16;
    private static final int BALANCE = 24;

    private final int index;
    private final String name;
    private final long address;
    private final LockClass lockClass;
    private final @Nullable LockAlgorithm algorithm;

    /**
     * @param index its number, for {@link Tally}
     * @param algorithm the resilient lock, or null for an ordinary spin lock
     */
    GuardedLock(int index, String name, GuestArena arena, LockClass lockClass, @Nullable LockAlgorithm algorithm) {
        this.index = index;
        this.name = name;
        this.address = arena.allocate(SIZE, SIZE);
        this.lockClass = lockClass;
        this.algorithm = algorithm;
    }

    int index() {
        return index;
    }

    String name() {
        return name;
    }

    /** The guest address of the lock word. */
    long address() {
        return address;
    }

    LockClass lockClass() {
        return lockClass;
    }

    /** Takes the lock: 0, or a negative errno; the ordinary lock always succeeds, after {@link PlainSpinLock#lock}. */
    int lock(Cpu cpu) {
        if (algorithm == null) {
            PlainSpinLock.lock(cpu, address, lockClass);
            return 0;
        }
        return algorithm.lock(cpu, address, lockClass);
    }

    /** Releases the lock; the interrupt flags stay as they are. */
    void unlock(Cpu cpu) {
        if (algorithm == null) {
            PlainSpinLock.unlock(cpu, address, 0);
        } else {
            algorithm.unlock(cpu, address);
        }
    }

    private static int identity(Cpu cpu) {
        return 1 + cpu.id() << 2 | cpu.level().ordinal();
    }

    private static String describe(int identity) {
        String[] levels = {"task", "softirq", "hardirq", "NMI"};
        return "CPU " + ((identity >> 2) - 1) + " in " + levels[identity & 3];
    }

    /** The lock was taken: nobody may be inside. */
    void enter(Cpu cpu, Violations violations) {
        int me = identity(cpu);
        int inside = GuestMemory.getIntOpaque(address + OWNER);
        if (inside != 0) {
            violations.add(
                    String.format(Locale.ROOT, "%s took %s while %s held it", describe(me), name, describe(inside)));
        }
        GuestMemory.setIntOpaque(address + OWNER, me);
        long count = GuestMemory.getLongOpaque(address + COUNTER);
        cpu.poll();
        GuestMemory.setLongOpaque(address + COUNTER, count + 1);
    }

    /** The lock is about to be released: nobody else may have been inside. */
    void leave(Cpu cpu, Violations violations) {
        int me = identity(cpu);
        int inside = GuestMemory.getIntOpaque(address + OWNER);
        if (inside != me) {
            String who = inside == 0 ? "nobody" : describe(inside);
            violations.add(String.format(Locale.ROOT, "%s was inside %s and found %s there", describe(me), name, who));
        }
        GuestMemory.setIntOpaque(address + OWNER, 0);
    }

    /** Moves an amount from the balance of another lock, both held. */
    void takeFrom(GuardedLock other, long amount) {
        GuestMemory.setLongOpaque(other.address + BALANCE, GuestMemory.getLongOpaque(other.address + BALANCE) - amount);
        GuestMemory.setLongOpaque(address + BALANCE, GuestMemory.getLongOpaque(address + BALANCE) + amount);
    }

    /** Returns how often the lock was entered, as far as no increment was lost. */
    long counter() {
        return GuestMemory.getLongOpaque(address + COUNTER);
    }

    long balance() {
        return GuestMemory.getLongOpaque(address + BALANCE);
    }

    int word() {
        return GuestMemory.getIntOpaque(address);
    }
}
