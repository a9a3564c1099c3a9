package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code BPF_MAP_TYPE_ARENA}: pages that programs and user space share, each there from its allocation on.
 *
 * <p>A pointer into an arena is an address of user space of which the lower half alone counts: an arena lies within 4
 * GiB there. The memory of a page is found by its entry in a table, which holds the page's guest address and, in the
 * lowest bits, its state. The address stays when the page is freed, so that a stale access of another CPU reaches
 * nothing else; the page is cleared when it is allocated again.
 *
 * <pre>
 *   directory   a word for each 512 pages: the address of their table, 0 while all of them are free
 *   table       a word for each page:      its address and its state
 *
 *   free → allocated → free      by allocate, which clears the page, and by free
 *   free → reserved → free       by reserve and free
 * </pre>
 *
 * <p>Pages come from the smallest hole that is large enough, at its lower end. An rqspinlock guards that; where it fails
 * nothing is allocated, reserved or freed.
 */
public final class ArenaMap extends BpfMap {
    /** Returned where there is no memory at an address. */
    public static final long NO_MEMORY = 0;

    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;
    private static final int TABLE_PAGES = 512;
    private static final int CONTROL_SIZE = 64;
    private static final int NO_HOLE = -1;

    private static final long RESERVED = 1;
    private static final long ALLOCATED = 2;
    private static final long STATES = RESERVED | ALLOCATED;

    /** The upper half of addresses that no definition chooses. */
    private static final long USER_SPACE = 0x7f00_0000_0000L;

    private static final long SPAN = 1L << 32;
    private static final long LOWER_HALF = SPAN - 1;

    private final long control;
    private final long directory;
    private final int pages;
    private final long userStart;
    private final LockClass lockClass;

    ArenaMap(CheckedMapDef definition) {
        super(definition);
        pages = (int) maxEntries();
        long bytes = (long) pages * PAGE_SIZE;
        // In the middle of its 4 GiB no page of a small arena has an address that reads as NULL.
        userStart = def().mapExtra() != 0 ? def().mapExtra() : USER_SPACE + ((SPAN - bytes) / 2 & -PAGE_SIZE);
        control = arena().allocate(CONTROL_SIZE, CONTROL_SIZE);
        directory = arena().allocate((pages + TABLE_PAGES - 1L) / TABLE_PAGES * Long.BYTES);
        lockClass = lockClass(LockKind.ARENA);
        byte[] initial = def().initialData();
        if (initial != null) {
            fill(initial);
        }
    }

    /** Variables of programs are at the end. */
    private void fill(byte[] initial) {
        int count = (initial.length + PAGE_SIZE - 1) / PAGE_SIZE;
        take(pages - count, count);
        for (int at = 0; at < initial.length; at += PAGE_SIZE) {
            long page = entry(pages - count + at / PAGE_SIZE) & ~STATES;
            GuestMemory.copyIn(initial, at, page, Math.min(PAGE_SIZE, initial.length - at));
        }
    }

    /** Address of the lock. */
    long lock() {
        return control;
    }

    LockClass lockClass() {
        return lockClass;
    }

    /** The address in user space at which the arena begins. */
    public long userStart() {
        return userStart;
    }

    /** Returns the address in user space that a pointer into the arena has, whatever its upper half was; NULL stays NULL. */
    public long userAddress(long pointer) {
        long lower = pointer & LOWER_HALF;
        return lower == 0 ? 0 : userStart & ~LOWER_HALF | lower;
    }

    /**
     * Finds memory.
     *
     * @param pointer the lower half of an address in user space, and what was added to it
     * @return the guest address of this byte; {@link #NO_MEMORY} where there is none
     */
    public long find(long pointer) {
        long at = pointer - (userStart & LOWER_HALF);
        long page = at / PAGE_SIZE;
        if (at < 0 || page >= pages) {
            return NO_MEMORY;
        }
        long entry = entry((int) page);
        return (entry & ALLOCATED) == 0 ? NO_MEMORY : (entry & ~STATES) + at % PAGE_SIZE;
    }

    /** Returns true where the bytes from one on reach into the next page, whose memory is elsewhere. */
    public static boolean isAcrossPages(long pointer, int sizeBytes) {
        return (pointer & PAGE_SIZE - 1) + sizeBytes > PAGE_SIZE;
    }

    /**
     * Allocates pages, which read as zeros.
     *
     * @param address where in user space, or 0 for anywhere
     * @param count how many, as an unsigned number
     * @return the address in user space; 0 where they are not free, there are not as many, or the lock fails
     */
    public long allocate(Cpu cpu, long address, int count) {
        boolean isPossible =
                count > 0 && count <= pages && (address == 0 || isAligned(address) && isInside(address, count));
        if (!isPossible) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, control, lockClass, irqFlags) != 0) {
            return 0;
        }
        int first = address == 0 ? hole(count) : pageOf(address);
        boolean isFree = address == 0 ? first != NO_HOLE : isFree(first, count);
        boolean isTaken = isFree && take(first, count);
        locks.unlockIrqrestore(cpu, control, irqFlags);
        return isTaken ? userStart + (long) first * PAGE_SIZE : 0;
    }

    /**
     * Makes {@link #allocate} leave pages out until they are freed.
     *
     * @return 0, -EINVAL beyond the arena, -EBUSY where one is not free or the lock fails
     */
    public int reserve(Cpu cpu, long address, int count) {
        if (count == 0 || !isAligned(address)) {
            return 0;
        }
        if (count < 0 || count > pages || !isInside(address, count)) {
            return -EINVAL;
        }
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, control, lockClass, irqFlags) != 0) {
            return -EBUSY;
        }
        int first = pageOf(address);
        boolean isFree = isFree(first, count);
        for (int page = first; isFree && page < first + count; page++) {
            long table = table(page);
            isFree = table != 0;
            if (isFree) {
                setState(table, page, RESERVED);
            }
        }
        locks.unlockIrqrestore(cpu, control, irqFlags);
        return isFree ? 0 : -EBUSY;
    }

    /**
     * Frees pages, those that are free already among them; what is beyond the arena is left out.
     *
     * @return 0, or the lock's error
     */
    public int free(Cpu cpu, long address, int count) {
        long first = ((address & LOWER_HALF) - (userStart & LOWER_HALF)) / PAGE_SIZE;
        long end = Math.min(pages, first + (count & LOWER_HALF));
        if (first < 0 || first >= end) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        int lockError = locks.lockIrqsave(cpu, control, lockClass, irqFlags);
        if (lockError != 0) {
            return lockError;
        }
        for (int page = (int) first; page < end; page++) {
            long table = GuestMemory.getLongAcquire(tableWord(page));
            if (table != 0) {
                setState(table, page, 0);
            }
        }
        locks.unlockIrqrestore(cpu, control, irqFlags);
        return 0;
    }

    private static boolean isAligned(long address) {
        return (address & PAGE_SIZE - 1) == 0;
    }

    private boolean isInside(long address, int count) {
        return pageOf(address) >= 0 && pageOf(address) <= pages - count;
    }

    /** The page at an address in user space, of which the lower half counts; -1 below and beyond all of them. */
    private int pageOf(long address) {
        long page = (address - userStart & LOWER_HALF) / PAGE_SIZE;
        return page < pages ? (int) page : -1;
    }

    private long tableWord(int page) {
        return directory + (long) (page / TABLE_PAGES) * Long.BYTES;
    }

    private long entry(int page) {
        long table = GuestMemory.getLongAcquire(tableWord(page));
        return table == 0 ? 0 : GuestMemory.getLongAcquire(entryWord(table, page));
    }

    private static long entryWord(long table, int page) {
        return table + (long) (page % TABLE_PAGES) * Long.BYTES;
    }

    /** The table of a page, made where there is none; 0 where there is no memory for it. */
    private long table(int page) {
        long table = GuestMemory.getLongAcquire(tableWord(page));
        if (table == 0) {
            table = arena().tryAllocate((long) TABLE_PAGES * Long.BYTES, Long.BYTES);
            GuestMemory.setLongRelease(tableWord(page), table);
        }
        return table;
    }

    private static void setState(long table, int page, long state) {
        long word = entryWord(table, page);
        GuestMemory.setLongRelease(word, GuestMemory.getLongAcquire(word) & ~STATES | state);
    }

    private boolean isFree(int first, int count) {
        for (int page = first; page < first + count; page++) {
            if ((entry(page) & STATES) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The first page of the smallest hole that is large enough, or {@link #NO_HOLE}. */
    private int hole(int count) {
        int best = NO_HOLE;
        int bestSize = Integer.MAX_VALUE;
        int start = 0;
        for (int page = nextUsed(0, STATES); start <= pages; page = nextUsed(start, STATES)) {
            int size = page - start;
            if (size >= count && size < bestSize) {
                best = start;
                bestSize = size;
            }
            start = page + 1;
        }
        return best;
    }

    /** The first page from one on that is in one of some states; the number of pages where there is none. */
    private int nextUsed(int from, long states) {
        int page = from;
        while (page < pages && (entry(page) & states) == 0) {
            boolean isTableMissing = GuestMemory.getLongAcquire(tableWord(page)) == 0;
            page = isTableMissing ? page / TABLE_PAGES * TABLE_PAGES + TABLE_PAGES : page + 1;
        }
        return Math.min(page, pages);
    }

    /** Allocates free pages; frees them again and returns false where there is no memory for all of them. */
    private boolean take(int first, int count) {
        for (int page = first; page < first + count; page++) {
            if (!take(page)) {
                for (int taken = first; taken < page; taken++) {
                    setState(table(taken), taken, 0);
                }
                return false;
            }
        }
        return true;
    }

    private boolean take(int page) {
        long table = table(page);
        if (table == 0) {
            return false;
        }
        long memory = entry(page) & ~STATES;
        if (memory == 0) {
            memory = arena().tryAllocate(PAGE_SIZE, PAGE_SIZE);
        } else {
            GuestMemory.fill(memory, PAGE_SIZE, (byte) 0);
        }
        if (memory == 0) {
            return false;
        }
        GuestMemory.setLongRelease(entryWord(table, page), memory | ALLOCATED);
        return true;
    }

    /**
     * A page as user space sees it.
     *
     * @param address in user space
     * @param content its bytes
     */
    public record Page(long address, byte[] content) {}

    /** Returns the pages that are allocated now, in order, up to a number of them; any thread may ask. */
    public List<Page> allocatedPages(int most) {
        List<Page> found = new ArrayList<>();
        for (int page = nextUsed(0, ALLOCATED);
                page < pages && found.size() < most;
                page = nextUsed(page + 1, ALLOCATED)) {
            byte[] content = GuestMemory.bytes(entry(page) & ~STATES, PAGE_SIZE);
            found.add(new Page(userStart + (long) page * PAGE_SIZE, content));
        }
        return found;
    }

    /** Copies bytes as user space sees them; where no page is they are zeros. */
    public byte[] read(long address, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        for (int i = 0; i < sizeBytes; i++) {
            long found = find((address & LOWER_HALF) + i);
            bytes[i] = found == NO_MEMORY ? 0 : GuestMemory.getByte(found);
        }
        return bytes;
    }

    /** The address in user space of the program's variables; 0 where there are none. */
    public long variables() {
        byte[] initial = def().initialData();
        int count = initial == null ? 0 : (initial.length + PAGE_SIZE - 1) / PAGE_SIZE;
        return count == 0 ? 0 : userStart + (long) (pages - count) * PAGE_SIZE;
    }

    @Override
    public long entryCount() {
        long count = 0;
        for (int page = nextUsed(0, ALLOCATED); page < pages; page = nextUsed(page + 1, ALLOCATED)) {
            count++;
        }
        return count;
    }

    @Override
    public long directValueAddress() {
        return userStart;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        return -EINVAL;
    }
}
