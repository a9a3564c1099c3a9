package dev.spinbpf.maps.memory;

import dev.spinbpf.programs.linux.KernelLimits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/**
 * The guest address space: everything that a BPF program can address, off the Java heap, in one memory segment.
 *
 * <p>A guest address is a 64-bit number in {@code [FIRST_ADDRESS, endAddress())}. The lowest 64 KiB do not exist, so a
 * null pointer with a small offset never reaches memory. The segment checks each access: an address outside the space
 * raises {@link IndexOutOfBoundsException}, an atomic access that is not naturally aligned raises {@link
 * IllegalArgumentException}, and neither ever touches the JVM's own memory. Memory reads as zero until it is written.
 *
 * <p>Numbers are little-endian, as in the BPF target that clang calls {@code bpfel}. The accesses of this class are
 * not schedule points: what two emulated CPUs may touch at the same time goes through {@code maps.sync} instead.
 *
 * <p>The size of the address space is three quarters of the machine's memory, at most 64 GiB, or as many bytes as the
 * system property {@value #SIZE_PROPERTY} says; it is reserved, not committed. Where so much cannot be reserved, less
 * is.
 */
public final class GuestMemory {
    /** System property that sets the size of the address space in bytes. */
    public static final String SIZE_PROPERTY = "spinbpf.guest.memory";

    /** The lowest address that exists. */
    public static final long FIRST_ADDRESS = 0x1_0000L;

    /** The size of the pages in which memory is committed and released. */
    public static final int PAGE_SIZE = KernelLimits.PAGE_SIZE;

    private static final Reservation RESERVATION = Reservation.ofProperty();
    private static final MemorySegment SEGMENT = RESERVATION.segment();
    private static final long SIZE = SEGMENT.byteSize();

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle ATOMIC_BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle ATOMIC_SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ATOMIC_INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ATOMIC_LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private GuestMemory() {}

    /** The address after the last one that exists. */
    public static long endAddress() {
        return FIRST_ADDRESS + SIZE;
    }

    /** Returns the kind of reservation and its size, for reports: {@code mmap}, {@code file} or {@code heap}. */
    public static String describe() {
        return RESERVATION.describe();
    }

    /** Returns true where {@code sizeBytes} bytes from {@code address} on all exist. */
    public static boolean exists(long address, long sizeBytes) {
        return address >= FIRST_ADDRESS && sizeBytes >= 0 && sizeBytes <= SIZE && address <= endAddress() - sizeBytes;
    }

    /** A view of {@code sizeBytes} bytes; raises {@link IndexOutOfBoundsException} where they do not all exist. */
    public static MemorySegment slice(long address, long sizeBytes) {
        return SEGMENT.asSlice(address - FIRST_ADDRESS, sizeBytes);
    }

    /**
     * The bytes that the {@link #sandboxAddress() sandbox} has below guest address 0 and, at least, above the last address of 32 bits: an
     * offset of an instruction added to an address of 32 bits stays within.
     */
    public static final int SANDBOX_MARGIN = Reservation.MARGIN;

    /**
     * Returns the host's address of the sandbox: all guest addresses of 32 bits, be they handed out or not, are reserved
     * there, with {@link #SANDBOX_MARGIN} bytes before and after; guest address {@code a} is at offset {@code a +
     * SANDBOX_MARGIN}. Empty where so much was not reserved.
     */
    public static OptionalLong sandboxAddress() {
        MemorySegment sandbox = RESERVATION.sandbox();
        return sandbox == null ? OptionalLong.empty() : OptionalLong.of(sandbox.address());
    }

    /** Returns true once an address was handed out that 32 bits do not hold; it stays true. */
    public static boolean isWide() {
        return AddressSpace.GUEST.isWide();
    }

    static Reservation reservation() {
        return RESERVATION;
    }

    // Plain accesses, at any alignment.

    public static byte getByte(long address) {
        return SEGMENT.get(ValueLayout.JAVA_BYTE, address - FIRST_ADDRESS);
    }

    public static short getShort(long address) {
        return SEGMENT.get(SHORT, address - FIRST_ADDRESS);
    }

    public static int getInt(long address) {
        return SEGMENT.get(INT, address - FIRST_ADDRESS);
    }

    public static long getLong(long address) {
        return SEGMENT.get(LONG, address - FIRST_ADDRESS);
    }

    public static void putByte(long address, byte value) {
        SEGMENT.set(ValueLayout.JAVA_BYTE, address - FIRST_ADDRESS, value);
    }

    public static void putShort(long address, short value) {
        SEGMENT.set(SHORT, address - FIRST_ADDRESS, value);
    }

    public static void putInt(long address, int value) {
        SEGMENT.set(INT, address - FIRST_ADDRESS, value);
    }

    public static void putLong(long address, long value) {
        SEGMENT.set(LONG, address - FIRST_ADDRESS, value);
    }

    // Bulk operations.

    /** Copies as {@code memmove} does: the two ranges may overlap. */
    public static void copy(long from, long to, long sizeBytes) {
        MemorySegment.copy(SEGMENT, from - FIRST_ADDRESS, SEGMENT, to - FIRST_ADDRESS, sizeBytes);
    }

    /** Copies out of a Java array. */
    public static void copyIn(byte[] from, int offset, long to, int sizeBytes) {
        MemorySegment.copy(from, offset, SEGMENT, ValueLayout.JAVA_BYTE, to - FIRST_ADDRESS, sizeBytes);
    }

    /** Copies into a Java array. */
    public static void copyOut(long from, byte[] to, int offset, int sizeBytes) {
        MemorySegment.copy(SEGMENT, ValueLayout.JAVA_BYTE, from - FIRST_ADDRESS, to, offset, sizeBytes);
    }

    /** The {@code sizeBytes} bytes at {@code address} as a new array. */
    public static byte[] bytes(long address, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        copyOut(address, bytes, 0, sizeBytes);
        return bytes;
    }

    public static void fill(long address, long sizeBytes, byte value) {
        SEGMENT.asSlice(address - FIRST_ADDRESS, sizeBytes).fill(value);
    }

    /** Returns true where two ranges hold the same bytes. */
    public static boolean contentEquals(long first, long second, long sizeBytes) {
        return mismatch(first, second, sizeBytes) < 0;
    }

    /** The offset of the first byte in which two ranges differ, or -1. */
    public static long mismatch(long first, long second, long sizeBytes) {
        long a = first - FIRST_ADDRESS;
        long b = second - FIRST_ADDRESS;
        return MemorySegment.mismatch(SEGMENT, a, a + sizeBytes, SEGMENT, b, b + sizeBytes);
    }

    // Ordered accesses, naturally aligned. Each width and mode is written out: only a constant handle with exact types
    // is as fast as a plain access.

    public static byte getByteOpaque(long address) {
        return (byte) ATOMIC_BYTE.getOpaque(SEGMENT, address - FIRST_ADDRESS);
    }

    public static short getShortOpaque(long address) {
        return (short) ATOMIC_SHORT.getOpaque(SEGMENT, address - FIRST_ADDRESS);
    }

    public static int getIntOpaque(long address) {
        return (int) ATOMIC_INT.getOpaque(SEGMENT, address - FIRST_ADDRESS);
    }

    public static long getLongOpaque(long address) {
        return (long) ATOMIC_LONG.getOpaque(SEGMENT, address - FIRST_ADDRESS);
    }

    public static void setByteOpaque(long address, byte value) {
        ATOMIC_BYTE.setOpaque(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setShortOpaque(long address, short value) {
        ATOMIC_SHORT.setOpaque(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setIntOpaque(long address, int value) {
        ATOMIC_INT.setOpaque(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setLongOpaque(long address, long value) {
        ATOMIC_LONG.setOpaque(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static byte getByteAcquire(long address) {
        return (byte) ATOMIC_BYTE.getAcquire(SEGMENT, address - FIRST_ADDRESS);
    }

    public static short getShortAcquire(long address) {
        return (short) ATOMIC_SHORT.getAcquire(SEGMENT, address - FIRST_ADDRESS);
    }

    public static int getIntAcquire(long address) {
        return (int) ATOMIC_INT.getAcquire(SEGMENT, address - FIRST_ADDRESS);
    }

    public static long getLongAcquire(long address) {
        return (long) ATOMIC_LONG.getAcquire(SEGMENT, address - FIRST_ADDRESS);
    }

    public static void setByteRelease(long address, byte value) {
        ATOMIC_BYTE.setRelease(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setShortRelease(long address, short value) {
        ATOMIC_SHORT.setRelease(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setIntRelease(long address, int value) {
        ATOMIC_INT.setRelease(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static void setLongRelease(long address, long value) {
        ATOMIC_LONG.setRelease(SEGMENT, address - FIRST_ADDRESS, value);
    }

    // Atomic read-modify-write, naturally aligned; each returns the value that was there before.

    public static int compareAndExchangeInt(long address, int expected, int value) {
        return (int) ATOMIC_INT.compareAndExchange(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static long compareAndExchangeLong(long address, long expected, long value) {
        return (long) ATOMIC_LONG.compareAndExchange(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static int compareAndExchangeIntAcquire(long address, int expected, int value) {
        return (int) ATOMIC_INT.compareAndExchangeAcquire(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static int compareAndExchangeIntRelease(long address, int expected, int value) {
        return (int) ATOMIC_INT.compareAndExchangeRelease(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static long compareAndExchangeLongAcquire(long address, long expected, long value) {
        return (long) ATOMIC_LONG.compareAndExchangeAcquire(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static long compareAndExchangeLongRelease(long address, long expected, long value) {
        return (long) ATOMIC_LONG.compareAndExchangeRelease(SEGMENT, address - FIRST_ADDRESS, expected, value);
    }

    public static int getAndSetInt(long address, int value) {
        return (int) ATOMIC_INT.getAndSet(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static long getAndSetLong(long address, long value) {
        return (long) ATOMIC_LONG.getAndSet(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static int getAndAddInt(long address, int value) {
        return (int) ATOMIC_INT.getAndAdd(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static long getAndAddLong(long address, long value) {
        return (long) ATOMIC_LONG.getAndAdd(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static int getAndBitwiseOrInt(long address, int value) {
        return (int) ATOMIC_INT.getAndBitwiseOr(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static long getAndBitwiseOrLong(long address, long value) {
        return (long) ATOMIC_LONG.getAndBitwiseOr(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static int getAndBitwiseAndInt(long address, int value) {
        return (int) ATOMIC_INT.getAndBitwiseAnd(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static long getAndBitwiseAndLong(long address, long value) {
        return (long) ATOMIC_LONG.getAndBitwiseAnd(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static int getAndBitwiseXorInt(long address, int value) {
        return (int) ATOMIC_INT.getAndBitwiseXor(SEGMENT, address - FIRST_ADDRESS, value);
    }

    public static long getAndBitwiseXorLong(long address, long value) {
        return (long) ATOMIC_LONG.getAndBitwiseXor(SEGMENT, address - FIRST_ADDRESS, value);
    }
}
