package dev.spinbpf.maps.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestMemoryTest {
    private final GuestArena arena = new GuestArena("test");

    @AfterEach
    void closeArena() {
        arena.close();
    }

    @Test
    void storesLittleEndianAtAnyAlignment() {
        long address = arena.allocate(32);
        GuestMemory.putLong(address + 3, 0x1122334455667788L);
        assertThat(GuestMemory.getByte(address + 3)).isEqualTo((byte) 0x88);
        assertThat(GuestMemory.getShort(address + 5)).isEqualTo((short) 0x5566);
        assertThat(GuestMemory.getInt(address + 7)).isEqualTo(0x11223344);
        assertThat(GuestMemory.getLong(address + 3)).isEqualTo(0x1122334455667788L);
        GuestMemory.putInt(address + 9, 0xa1b2c3d4);
        GuestMemory.putShort(address + 1, (short) 0xbeef);
        assertThat(GuestMemory.bytes(address, 4)).containsExactly(0, 0xef, 0xbe, 0x88);
        assertThat(GuestMemory.getInt(address + 9)).isEqualTo(0xa1b2c3d4);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 0xfffc, 0xffff, -1, -8, Long.MIN_VALUE, Long.MAX_VALUE, 0x7fff_0000_0000L})
    void refusesAddressesThatDoNotExist(long address) {
        assertThat(GuestMemory.exists(address, 8)).isFalse();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> GuestMemory.getLong(address));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> GuestMemory.putInt(address, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> GuestMemory.fill(address, 8, (byte) 1));
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> GuestMemory.compareAndExchangeInt(address, 0, 1));
    }

    @Test
    void refusesAccessesThatEndBehindTheLastAddress() {
        long last = GuestMemory.endAddress() - 4;
        assertThat(GuestMemory.getInt(last)).isZero();
        assertThat(GuestMemory.exists(last, 4)).isTrue();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> GuestMemory.getLong(last));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> GuestMemory.getInt(last + 1));
    }

    @Test
    void refusesMisalignedAtomics() {
        long address = arena.allocate(16);
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> GuestMemory.getAndAddLong(address + 4, 1));
    }

    @Test
    void readModifyWriteReturnsTheOldValue() {
        long address = arena.allocate(16);
        assertThat(GuestMemory.getAndAddInt(address, 5)).isZero();
        assertThat(GuestMemory.getAndBitwiseOrInt(address, 0x10)).isEqualTo(5);
        assertThat(GuestMemory.getAndBitwiseAndInt(address, 0x14)).isEqualTo(0x15);
        assertThat(GuestMemory.getAndBitwiseXorInt(address, -1)).isEqualTo(0x14);
        assertThat(GuestMemory.getAndSetInt(address, 7)).isEqualTo(~0x14);
        assertThat(GuestMemory.compareAndExchangeInt(address, 8, 9)).isEqualTo(7);
        assertThat(GuestMemory.compareAndExchangeIntAcquire(address, 7, 9)).isEqualTo(7);
        assertThat(GuestMemory.getIntAcquire(address)).isEqualTo(9);
        GuestMemory.setByteRelease(address + 1, (byte) 1);
        assertThat(GuestMemory.getInt(address)).isEqualTo(0x109);
        assertThat(GuestMemory.getAndAddLong(address + 8, -1)).isZero();
        assertThat(GuestMemory.getAndSetLong(address + 8, 3)).isEqualTo(-1);
    }

    @Test
    void copiesOverlappingRanges() {
        long address = arena.allocate(64);
        GuestMemory.copyIn(new byte[] {1, 2, 3, 4, 5}, 0, address, 5);
        GuestMemory.copy(address, address + 2, 5);
        assertThat(GuestMemory.bytes(address, 7)).containsExactly(1, 2, 1, 2, 3, 4, 5);
        assertThat(GuestMemory.contentEquals(address, address + 2, 2)).isTrue();
        assertThat(GuestMemory.mismatch(address, address + 2, 4)).isEqualTo(2);
    }

    @Test
    void fallsBackToAFileAndToAllocation() throws Exception {
        for (var reservation : new Reservation[] {Reservation.file(1 << 30), Reservation.allocation(1 << 20)}) {
            reservation.segment().asSlice(8192, 4096).fill((byte) 1);
            reservation.discard(8192, 4096);
            assertThat(reservation.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 8192))
                    .isZero();
        }
    }
}
