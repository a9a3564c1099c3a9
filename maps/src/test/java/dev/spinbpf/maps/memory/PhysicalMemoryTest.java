package dev.spinbpf.maps.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhysicalMemoryTest {
    @Test
    void shouldReadTheKernelsNumbers() {
        assertThat(PhysicalMemory.total(List.of("MemTotal:       24572164 kB", "MemFree: 1 kB")))
                .isEqualTo(24572164L << 10);
        assertThat(PhysicalMemory.limit(List.of("2147483648"))).isEqualTo(2L << 30);
    }

    @Test
    void shouldKnowThatItDoesNotKnow() {
        assertThat(PhysicalMemory.total(List.of("MemTotal: much"))).isEqualTo(PhysicalMemory.UNKNOWN);
        assertThat(PhysicalMemory.total(List.of())).isEqualTo(PhysicalMemory.UNKNOWN);
        assertThat(PhysicalMemory.limit(List.of("max"))).isEqualTo(PhysicalMemory.UNKNOWN);
        assertThat(PhysicalMemory.limit(List.of())).isEqualTo(PhysicalMemory.UNKNOWN);
    }

    @Test
    void shouldReserveNoMoreThanMostOfIt() {
        assertThat(Reservation.defaultSize(PhysicalMemory.UNKNOWN)).isEqualTo(64L << 30);
        assertThat(Reservation.defaultSize(8L << 30)).isEqualTo(6L << 30);
        assertThat(Reservation.defaultSize(1L << 30)).isEqualTo(1L << 30);
    }
}
