package dev.spinbpf.maps.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * From guest addresses to lock classes, by open addressing: one writer, readers that take no lock and make no object.
 */
final class AddressTable {
    private static final VarHandle ADDRESSES = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private final long[] addresses;
    private final @Nullable LockClass[] classes;
    private final int shift;
    private int size;

    /** A table of {@code capacity} slots, a power of two. */
    AddressTable(int capacity) {
        addresses = new long[capacity];
        classes = new @Nullable LockClass[capacity];
        shift = Long.numberOfLeadingZeros(capacity) + 1;
    }

    int capacity() {
        return addresses.length;
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size >= addresses.length / 2;
    }

    private int firstSlot(long address) {
        return (int) ((address * GOLDEN_RATIO) >>> shift);
    }

    @Nullable
    LockClass get(long address) {
        int mask = addresses.length - 1;
        for (int slot = firstSlot(address); ; slot = (slot + 1) & mask) {
            long found = (long) ADDRESSES.getAcquire(addresses, slot);
            if (found == address) {
                return classes[slot];
            }
            if (found == 0) {
                return null;
            }
        }
    }

    /** Adds an address that is not in the table; the table must not be full. */
    void put(long address, LockClass lockClass) {
        int mask = addresses.length - 1;
        int slot = firstSlot(address);
        while (addresses[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        classes[slot] = lockClass;
        ADDRESSES.setRelease(addresses, slot, address);
        size++;
    }

    AddressTable copy(int capacity, Predicate<LockClass> keep) {
        var copy = new AddressTable(capacity);
        for (int slot = 0; slot < addresses.length; slot++) {
            LockClass lockClass = classes[slot];
            if (lockClass != null && keep.test(lockClass)) {
                copy.put(addresses[slot], lockClass);
            }
        }
        return copy;
    }
}
