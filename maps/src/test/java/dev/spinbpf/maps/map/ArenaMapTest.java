package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EDEADLK;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArenaMapTest {
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int PAGES = 1200;
    private static final long START = 0x1000_8000_0000L;

    private final TestMachine machine = new TestMachine(2);
    private final Cpu cpu = machine.cpu;
    private final ArenaMap map = (ArenaMap) machine.map(definition().build(), Btf.EMPTY);

    private static MapDef.Builder definition() {
        return MapDef.builder("m", MapType.ARENA)
                .maxEntries(PAGES)
                .mapExtra(START)
                .flags(MapFlags.BPF_F_MMAPABLE);
    }

    @AfterEach
    void close() {
        assertThat(cpu.heldLocks().count()).isZero();
        map.close();
        machine.close();
    }

    private long allocate(int count) {
        return map.allocate(cpu, 0, count);
    }

    private static long page(int number) {
        return START + (long) number * PAGE;
    }

    @Test
    void takesTheSmallestHoleThatIsLargeEnough() {
        assertThat(allocate(PAGES)).isEqualTo(START);
        assertThat(allocate(1)).isZero();
        map.free(cpu, page(10), 5);
        map.free(cpu, page(700), 3);
        map.free(cpu, page(1100), 100);
        assertThat(map.entryCount()).isEqualTo(PAGES - 108);
        assertThat(allocate(2)).isEqualTo(page(700));
        assertThat(allocate(4)).isEqualTo(page(10));
        assertThat(allocate(1)).isEqualTo(page(14));
        assertThat(allocate(1)).isEqualTo(page(702));
        assertThat(allocate(101)).isZero();
        assertThat(allocate(100)).isEqualTo(page(1100));
    }

    @Test
    void allocatesWhereItIsTold() {
        assertThat(map.allocate(cpu, page(600), 2)).isEqualTo(page(600));
        assertThat(map.allocate(cpu, page(601), 1)).isZero();
        assertThat(map.allocate(cpu, page(602) + 1, 1)).isZero();
        assertThat(map.allocate(cpu, page(PAGES - 1), 2)).isZero();
        assertThat(map.allocate(cpu, page(PAGES - 1), 1)).isEqualTo(page(PAGES - 1));
        assertThat(map.allocate(cpu, page(602) & 0xffff_ffffL, 1)).isEqualTo(page(602));
        assertThat(allocate(0)).isZero();
        assertThat(allocate(-1)).isZero();
    }

    @Test
    void reservedPagesAreLeftOutUntilTheyAreFreed() {
        assertThat(map.reserve(cpu, START, PAGES - 1)).isZero();
        assertThat(map.reserve(cpu, page(5), 1)).isEqualTo(-EBUSY);
        assertThat(map.reserve(cpu, page(PAGES - 1), 2)).isEqualTo(-EINVAL);
        assertThat(map.reserve(cpu, page(5), 0)).isZero();
        assertThat(map.find(START & 0xffff_ffffL)).isEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.entryCount()).isZero();
        assertThat(allocate(2)).isZero();
        map.free(cpu, page(7), 2);
        assertThat(allocate(2)).isEqualTo(page(7));
    }

    @Test
    void findsBytesByTheLowerHalfOfTheirAddress() {
        assertThat(allocate(2)).isEqualTo(START);
        long lower = START & 0xffff_ffffL;
        assertThat(map.find(lower)).isNotEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.find(lower + 8)).isEqualTo(map.find(lower) + 8);
        assertThat(map.find(lower + PAGE)).isNotEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.find(lower - 1)).isEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.find(lower + 2 * PAGE)).isEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.find(lower + (long) PAGES * PAGE)).isEqualTo(ArenaMap.NO_MEMORY);
        assertThat(map.userAddress(lower + 5)).isEqualTo(START + 5);
        assertThat(map.userAddress(0xffff_0000_0000L)).isZero();
        assertThat(ArenaMap.isAcrossPages(lower + PAGE - 4, 4)).isFalse();
        assertThat(ArenaMap.isAcrossPages(lower + PAGE - 4, 5)).isTrue();
    }

    @Test
    void pagesAreClearedWhenTheyAreAllocatedAgain() {
        long address = allocate(1);
        GuestMemory.putLong(map.find(address & 0xffff_ffffL), 7);
        assertThat(map.read(address, 1)).containsExactly(7);
        map.free(cpu, address, 1);
        assertThat(map.read(address, 1)).containsExactly(0);
        assertThat(allocate(1)).isEqualTo(address);
        assertThat(map.read(address, 1)).containsExactly(0);
    }

    @Test
    void aFailedLockLeavesEverythingAsItIs() {
        long address = allocate(1);
        long flags = cpu.irqSave();
        assertThat(map.locks.lockIrqsave(cpu, map.lock(), map.lockClass(), flags))
                .isZero();
        assertThat(allocate(1)).isZero();
        assertThat(map.reserve(cpu, page(9), 1)).isEqualTo(-EBUSY);
        assertThat(map.free(cpu, address, 1)).isEqualTo(-EDEADLK);
        map.locks.unlockIrqrestore(cpu, map.lock(), flags);
        assertThat(map.entryCount()).isEqualTo(1);
        assertThat(map.free(cpu, address, 1)).isZero();
        assertThat(map.entryCount()).isZero();
    }

    @Test
    void variablesAreInTheLastPages() {
        byte[] initial = new byte[PAGE + 3];
        initial[PAGE + 2] = 9;
        try (ArenaMap full =
                (ArenaMap) machine.map(definition().initialData(initial).build(), Btf.EMPTY)) {
            assertThat(full.variables()).isEqualTo(page(PAGES - 2));
            assertThat(full.entryCount()).isEqualTo(2);
            assertThat(full.read(page(PAGES - 1) + 2, 2)).containsExactly(9, 0);
            assertThat(full.allocatedPages(1)).hasSize(1);
            assertThat(full.allocatedPages(9).getLast().address()).isEqualTo(page(PAGES - 1));
        }
    }

    @Test
    void liesInUserSpaceWhereNoPageIsNull() {
        MapDef anywhere = definition().mapExtra(0).build();
        try (ArenaMap placed = (ArenaMap) machine.map(anywhere, Btf.EMPTY)) {
            assertThat(placed.userStart() >>> 32).isEqualTo(0x7f00);
            assertThat((int) placed.userStart()).isNotZero();
            assertThat(placed.userStart() % PAGE).isZero();
        }
    }
}
