package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Op;

/**
 * The effect of loads, stores and atomic operations on guest memory, shared by every engine.
 *
 * <p>Loads zero-extend unless they say otherwise. An address that does not exist raises {@link
 * IndexOutOfBoundsException}, an atomic access that is not naturally aligned {@link IllegalArgumentException}: the
 * engine turns both into a {@link Fault}.
 */
final class MemorySemantics {
    private MemorySemantics() {}

    public static long load8(long address) {
        return GuestMemory.getByte(address) & 0xffL;
    }

    public static long load16(long address) {
        return GuestMemory.getShort(address) & 0xffffL;
    }

    public static long load32(long address) {
        return GuestMemory.getInt(address) & 0xffff_ffffL;
    }

    public static long load64(long address) {
        return GuestMemory.getLong(address);
    }

    public static void store8(long address, long value) {
        GuestMemory.putByte(address, (byte) value);
    }

    public static void store16(long address, long value) {
        GuestMemory.putShort(address, (short) value);
    }

    public static void store32(long address, long value) {
        GuestMemory.putInt(address, (int) value);
    }

    public static void store64(long address, long value) {
        GuestMemory.putLong(address, value);
    }

    /** A load that sign-extends from 8, 16 or 32 bits. */
    public static long loadSigned(int bits, long address) {
        return switch (bits) {
            case 8 -> GuestMemory.getByte(address);
            case 16 -> GuestMemory.getShort(address);
            case 32 -> GuestMemory.getInt(address);
            default -> throw new IllegalArgumentException("signed load of " + bits + " bits");
        };
    }

    /** A load with acquire semantics, of 8 to 64 bits. */
    public static long loadAcquire(int bits, long address) {
        return switch (bits) {
            case 8 -> GuestMemory.getByteAcquire(address) & 0xffL;
            case 16 -> GuestMemory.getShortAcquire(address) & 0xffffL;
            case 32 -> GuestMemory.getIntAcquire(address) & 0xffff_ffffL;
            case 64 -> GuestMemory.getLongAcquire(address);
            default -> throw new IllegalArgumentException("acquiring load of " + bits + " bits");
        };
    }

    /** A store with release semantics, of 8 to 64 bits. */
    public static void storeRelease(int bits, long address, long value) {
        switch (bits) {
            case 8 -> GuestMemory.setByteRelease(address, (byte) value);
            case 16 -> GuestMemory.setShortRelease(address, (short) value);
            case 32 -> GuestMemory.setIntRelease(address, (int) value);
            case 64 -> GuestMemory.setLongRelease(address, value);
            default -> throw new IllegalArgumentException("releasing store of " + bits + " bits");
        }
    }

    /**
     * A 64-bit read-modify-write, fully ordered.
     *
     * @param expected what {@code CMPXCHG} compares with; ignored by the others
     * @return the value that was there before
     */
    public static long atomic64(Op.Atomic operator, long address, long value, long expected) {
        return switch (operator) {
            case ADD, FETCH_ADD -> GuestMemory.getAndAddLong(address, value);
            case OR, FETCH_OR -> GuestMemory.getAndBitwiseOrLong(address, value);
            case AND, FETCH_AND -> GuestMemory.getAndBitwiseAndLong(address, value);
            case XOR, FETCH_XOR -> GuestMemory.getAndBitwiseXorLong(address, value);
            case XCHG -> GuestMemory.getAndSetLong(address, value);
            case CMPXCHG -> GuestMemory.compareAndExchangeLong(address, expected, value);
        };
    }

    /** As {@link #atomic64}, of 32 bits; the result is zero-extended. */
    public static long atomic32(Op.Atomic operator, long address, long value, long expected) {
        int operand = (int) value;
        int old =
                switch (operator) {
                    case ADD, FETCH_ADD -> GuestMemory.getAndAddInt(address, operand);
                    case OR, FETCH_OR -> GuestMemory.getAndBitwiseOrInt(address, operand);
                    case AND, FETCH_AND -> GuestMemory.getAndBitwiseAndInt(address, operand);
                    case XOR, FETCH_XOR -> GuestMemory.getAndBitwiseXorInt(address, operand);
                    case XCHG -> GuestMemory.getAndSetInt(address, operand);
                    case CMPXCHG -> GuestMemory.compareAndExchangeInt(address, (int) expected, operand);
                };
        return AluSemantics.zext(old);
    }
}
