package dev.spinbpf.maps.sync;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * Shared words in guest memory, by address. Each access is a {@link SchedulePoint} and naturally aligned; what a bad
 * address or alignment raises is said at {@link GuestMemory}.
 *
 * <p>The kernel's names for the modes: opaque is {@code READ_ONCE}/{@code WRITE_ONCE} and the relaxed atomics, acquire
 * and release are {@code smp_load_acquire}, {@code smp_store_release} and the {@code _acquire}/{@code _release}
 * atomics, and an atomic without a suffix is fully ordered. Read-modify-write methods return the value that was there
 * before.
 *
 * <p>The methods differ in width and mode alone and are written out all the same, as are those of {@link GuestMemory}:
 * an access is as fast as a plain one only through a constant handle with exact types.
 */
public final class GuestWords {
    private GuestWords() {}

    public static byte getByteOpaque(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Byte.BYTES);
        return GuestMemory.getByteOpaque(address);
    }

    public static short getShortOpaque(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Short.BYTES);
        return GuestMemory.getShortOpaque(address);
    }

    public static int getIntOpaque(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getIntOpaque(address);
    }

    public static long getLongOpaque(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getLongOpaque(address);
    }

    public static byte getByteAcquire(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Byte.BYTES);
        return GuestMemory.getByteAcquire(address);
    }

    public static short getShortAcquire(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Short.BYTES);
        return GuestMemory.getShortAcquire(address);
    }

    public static int getIntAcquire(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getIntAcquire(address);
    }

    public static long getLongAcquire(long address) {
        SchedulePoint.reach(SharedAccess.READ, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getLongAcquire(address);
    }

    public static void setByteOpaque(long address, byte value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Byte.BYTES);
        GuestMemory.setByteOpaque(address, value);
    }

    public static void setShortOpaque(long address, short value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Short.BYTES);
        GuestMemory.setShortOpaque(address, value);
    }

    public static void setIntOpaque(long address, int value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        GuestMemory.setIntOpaque(address, value);
    }

    public static void setLongOpaque(long address, long value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        GuestMemory.setLongOpaque(address, value);
    }

    public static void setByteRelease(long address, byte value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Byte.BYTES);
        GuestMemory.setByteRelease(address, value);
    }

    public static void setShortRelease(long address, short value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Short.BYTES);
        GuestMemory.setShortRelease(address, value);
    }

    public static void setIntRelease(long address, int value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        GuestMemory.setIntRelease(address, value);
    }

    public static void setLongRelease(long address, long value) {
        SchedulePoint.reach(SharedAccess.WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        GuestMemory.setLongRelease(address, value);
    }

    public static int compareAndExchangeInt(long address, int expected, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.compareAndExchangeInt(address, expected, value);
    }

    public static int compareAndExchangeIntAcquire(long address, int expected, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.compareAndExchangeIntAcquire(address, expected, value);
    }

    public static int compareAndExchangeIntRelease(long address, int expected, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.compareAndExchangeIntRelease(address, expected, value);
    }

    public static int getAndSetInt(long address, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getAndSetInt(address, value);
    }

    public static int getAndAddInt(long address, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getAndAddInt(address, value);
    }

    public static int getAndBitwiseOrInt(long address, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getAndBitwiseOrInt(address, value);
    }

    public static int getAndBitwiseAndInt(long address, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getAndBitwiseAndInt(address, value);
    }

    public static int getAndBitwiseXorInt(long address, int value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Integer.BYTES);
        return GuestMemory.getAndBitwiseXorInt(address, value);
    }

    public static long compareAndExchangeLong(long address, long expected, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.compareAndExchangeLong(address, expected, value);
    }

    public static long compareAndExchangeLongAcquire(long address, long expected, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.compareAndExchangeLongAcquire(address, expected, value);
    }

    public static long compareAndExchangeLongRelease(long address, long expected, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.compareAndExchangeLongRelease(address, expected, value);
    }

    public static long getAndSetLong(long address, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getAndSetLong(address, value);
    }

    public static long getAndAddLong(long address, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getAndAddLong(address, value);
    }

    public static long getAndBitwiseOrLong(long address, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getAndBitwiseOrLong(address, value);
    }

    public static long getAndBitwiseAndLong(long address, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getAndBitwiseAndLong(address, value);
    }

    public static long getAndBitwiseXorLong(long address, long value) {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, SchedulePoint.GUEST, address, Long.BYTES);
        return GuestMemory.getAndBitwiseXorLong(address, value);
    }

    /** Says that the caller looked at this word in vain and will look again; see {@link SharedAccess#WAIT}. */
    public static void waitFor(long address) {
        SchedulePoint.reach(SharedAccess.WAIT, SchedulePoint.GUEST, address, Integer.BYTES);
    }
}
