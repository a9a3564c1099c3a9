package dev.spinbpf.maps.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GuestArenaTest {
    @Test
    void blocksAreAlignedZeroedAndDisjoint() {
        var random = new Random(1);
        var live = new ArrayList<Block>();
        try (var arena = new GuestArena("test")) {
            for (int i = 0; i < 3000; i++) {
                if (random.nextInt(3) == 0 && !live.isEmpty()) {
                    Block block = live.remove(random.nextInt(live.size()));
                    block.assertFilled();
                    arena.free(block.address, block.size, block.alignment);
                    continue;
                }
                int size = 1 + (random.nextBoolean() ? random.nextInt(300) : random.nextInt(20_000));
                long alignment = 1L << random.nextInt(13);
                long address = arena.allocate(size, alignment);
                assertThat(address % alignment).isZero();
                assertThat(GuestMemory.bytes(address, size)).containsOnly(0);
                GuestMemory.fill(address, size, (byte) i);
                live.add(new Block(address, size, alignment, (byte) i));
            }
            live.forEach(Block::assertFilled);
            live.forEach(block -> arena.free(block.address, block.size, block.alignment));
            assertThat(arena.usedBytes()).isZero();
            assertThat(arena.peakBytes()).isPositive();
        }
    }

    private record Block(long address, int size, long alignment, byte content) {
        void assertFilled() {
            assertThat(GuestMemory.bytes(address, size)).containsOnly(content);
        }
    }

    @Test
    void closingGivesTheAddressSpaceBack() {
        var space = new AddressSpace(Reservation.allocation(8 << 20), GuestMemory.FIRST_ADDRESS, 8 << 20);
        long before = space.freeBytes();
        try (var arena = new GuestArena("test", Long.MAX_VALUE, space)) {
            List<Long> regions =
                    List.of(arena.allocate(5000), arena.allocate(1 << 20, 1 << 16), arena.allocate(100_000));
            assertThat(regions.get(1) % (1 << 16)).isZero();
            arena.free(regions.get(0), 5000);
            assertThat(space.freeBytes()).isLessThan(before);
        }
        assertThat(space.freeBytes()).isEqualTo(before);
        assertThat(space.holes()).isEqualTo(1);
    }

    @Test
    void blocksAfterARestoreAreZeroedAndWhereTheyWere() {
        try (var arena = new GuestArena("test")) {
            long kept = arena.allocate(64);
            GuestArena.Image image = Objects.requireNonNull(arena.save(1 << 20));
            long[] first = allocateAndFill(arena);
            arena.restore(image);
            assertThat(allocateAndFill(arena)).isEqualTo(first).doesNotContain(kept);
        }
    }

    /** Blocks of one chunk, and more than fit into it. */
    private static long[] allocateAndFill(GuestArena arena) {
        long[] blocks = new long[40];
        for (int i = 0; i < blocks.length; i++) {
            int size = i < 20 ? 64 : 20_000;
            blocks[i] = arena.allocate(size);
            assertThat(GuestMemory.bytes(blocks[i], size)).containsOnly(0);
            GuestMemory.fill(blocks[i], size, (byte) 7);
        }
        return blocks;
    }

    @Test
    void saysWhatIsUsedUp() {
        try (var arena = new GuestArena("map 'counters'", 10_000)) {
            arena.allocate(4096);
            assertThat(arena.tryAllocate(8192, 16)).isZero();
            assertThatExceptionOfType(GuestMemoryExhaustedException.class)
                    .isThrownBy(() -> arena.allocate(8192))
                    .withMessageContaining("guest memory of map 'counters' is used up: 8192 bytes wanted, 4096 in use")
                    .withMessageContaining("limit 10000");
        }
    }

    @Test
    void refusesToFreeWhatItDidNotHandOut() {
        try (var arena = new GuestArena("test")) {
            long region = arena.allocate(8192);
            assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> arena.free(region + 4096, 8192));
            assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> arena.free(region, 40960));
        }
    }
}
