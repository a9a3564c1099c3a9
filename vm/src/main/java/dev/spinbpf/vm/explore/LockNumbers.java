package dev.spinbpf.vm.explore;

import java.util.Arrays;

/** Numbers for resilient locks by their addresses, in the order in which they come. */
final class LockNumbers {
    private final KeyNumbers numbers = new KeyNumbers();
    private long[] addresses = new long[8];

    /** Returns a lock's number: its own, or the next one, from 0, for a lock that is new. */
    int of(long address) {
        int number = numbers.of(address);
        addresses = KeyNumbers.withRoom(addresses, number);
        addresses[number] = address;
        return number;
    }

    /** Returns the addresses of all locks that have numbers. */
    long[] addresses() {
        return Arrays.copyOf(addresses, numbers.count());
    }
}
