package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.IntWord;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.vm.deferred.DeferredCalls;
import java.util.IdentityHashMap;

/**
 * Numbers for shared words: one for each four bytes of guest memory that are touched, for each queue node's words, and
 * for each CPU's table of held locks as a whole. The numbers stay the same from one run to the next.
 */
final class WordTable {
    private static final int CPU_WORDS = 16;
    private static final int UNIT_SHIFT = 2;

    /** The prime of the 64-bit FNV hash. */
    private static final long HASH_PRIME = 0x100000001b3L;

    /** The key of the calls that programs put off. */
    private static final long DEFERRED_CALLS = Long.MIN_VALUE;

    private final Cpus cpus;
    private final IdentityHashMap<Object, Long> ownerKeys = new IdentityHashMap<>();
    private final KeyNumbers numbers = new KeyNumbers();
    private final KeyNumbers elementNumbers = new KeyNumbers();

    WordTable(Cpus cpus) {
        this.cpus = cpus;
        for (Cpu cpu : cpus.all()) {
            long key = -1L - (long) cpu.id() * CPU_WORDS;
            for (int i = 0; i < Cpu.NODES; i++) {
                ownerKeys.put(cpu.node(i).next(), key - 1 - 2L * i);
                ownerKeys.put(cpu.node(i).locked(), key - 2 - 2L * i);
            }
        }
    }

    /** Returns how many words have numbers. */
    int count() {
        return numbers.count();
    }

    /** Returns how many words an access touches. */
    static int units(Object owner, long address, int sizeBytes) {
        if (!owner.equals(SchedulePoint.GUEST)) {
            return 1;
        }
        long last = address + Math.max(sizeBytes, 1) - 1;
        return (int) ((last >> UNIT_SHIFT) - (address >> UNIT_SHIFT)) + 1;
    }

    /** Returns the number of a word of an access: {@code index} counts from its first one. */
    int number(Object owner, long address, int index) {
        long key = owner.equals(SchedulePoint.GUEST) ? (address >> UNIT_SHIFT) + index : ownerKey(owner);
        return numbers.of(key);
    }

    /** Returns the number of a map's element with a key, whether it is there or not: elements have numbers of their own. */
    int element(int map, long key, int keySize) {
        long hash = map;
        for (int i = 0; i < keySize; i++) {
            hash = (hash ^ GuestMemory.getByte(key + i) & 0xff) * HASH_PRIME;
        }
        return elementNumbers.of(hash == 0 ? 1 : hash);
    }

    private long ownerKey(Object owner) {
        if (owner instanceof DeferredCalls) {
            return DEFERRED_CALLS;
        }
        Long known = ownerKeys.get(owner);
        if (known != null) {
            return known;
        }
        for (Cpu cpu : cpus.all()) {
            if (cpu.heldLocks().isPart(owner)) {
                long key = -1L - (long) cpu.id() * CPU_WORDS;
                ownerKeys.put(owner, key);
                return key;
            }
        }
        if (owner instanceof IntWord) {
            return DEFERRED_CALLS; // A call that runs; each has words of its own, which last no longer than it.
        }
        throw new IllegalArgumentException("a shared word of " + owner + " that belongs to no CPU");
    }
}
