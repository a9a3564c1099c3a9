package dev.spinbpf.maps.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AddressSpaceTest {
    private static final long NARROW_END = 1L << 32;
    private static final long SIZE = 64 << 10;

    @Test
    void shouldNoteWhenAnAddressNeedsMoreThan32Bits() {
        var space = new AddressSpace(GuestMemory.reservation(), NARROW_END - SIZE, NARROW_END + SIZE);
        assertThat(space.take(SIZE, GuestMemory.PAGE_SIZE)).isEqualTo(NARROW_END - SIZE);
        assertThat(space.isWide()).isFalse();
        assertThat(space.take(SIZE, GuestMemory.PAGE_SIZE)).isEqualTo(NARROW_END);
        assertThat(space.isWide()).isTrue();
    }
}
