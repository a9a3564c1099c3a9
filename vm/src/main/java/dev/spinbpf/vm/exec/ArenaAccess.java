package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import dev.spinbpf.programs.isa.Op;

/**
 * Loads, stores and atomic operations through pointers into the program's arena, shared by every engine.
 *
 * <p>The lower half of the register, and the instruction's offset, say where in the arena. Where no page is, a load
 * or an atomic operation that fetches yields 0, a store is lost, and the program's stderr stream has a report; the program
 * goes on.
 */
final class ArenaAccess {
    private static final long LOWER_HALF = 0xffff_ffffL;
    private static final Op.Atomic[] ATOMICS = Op.Atomic.values();

    /** Bits below the number of the operation, for the offset, in an instruction of the interpreter. */
    private static final int MICRO_SHIFT = 16;

    private ArenaAccess() {}

    /** Operation and offset in one number. */
    static int pack(int micro, int off) {
        return micro << MICRO_SHIFT | off & 0xffff;
    }

    /**
     * Executes one instruction.
     *
     * @param packed operation and offset, as {@link #pack} makes them
     */
    static void step(Execution run, long[] r, int d, int s, int packed, int index) {
        int micro = packed >>> MICRO_SHIFT;
        int plain = plain(micro);
        int off = (short) packed;
        if (MicroOp.isLoad(plain)) {
            r[d] = load(run, index, micro, pointer(r[s], off));
        } else if (MicroOp.isStore(plain)) {
            store(run, index, micro, pointer(r[d], off), r[s]);
        } else {
            Op.Atomic operator = operator(plain);
            boolean isExchange = operator == Op.Atomic.CMPXCHG;
            long old = atomic(run, index, micro, pointer(r[d], off), r[s], r[0]);
            if (operator.fetches()) {
                r[isExchange ? 0 : s] = old;
            }
        }
    }

    /** The lower half of a register, and what is added to it; below 0 and beyond 32 bits there is no memory. */
    public static long pointer(long register, int off) {
        return (register & LOWER_HALF) + off;
    }

    /** Loads, by the number of the operation. */
    public static long load(Execution run, int index, int micro, long pointer) {
        int plain = plain(micro);
        int width = MicroOp.widthBytes(plain);
        long address = find(run, index, pointer, width, micro);
        if (address == ArenaMap.NO_MEMORY) {
            return 0;
        }
        if (ArenaMap.isAcrossPages(pointer, width)) {
            return acrossPages(run, pointer, width, plain);
        }
        return switch (plain) {
            case MicroOp.LDX8 -> MemorySemantics.load8(address);
            case MicroOp.LDX16 -> MemorySemantics.load16(address);
            case MicroOp.LDX32 -> MemorySemantics.load32(address);
            case MicroOp.LDX64 -> MemorySemantics.load64(address);
            case MicroOp.LDXSX8, MicroOp.LDXSX16, MicroOp.LDXSX32 -> MemorySemantics.loadSigned(8 * width, address);
            default -> MemorySemantics.loadAcquire(8 * width, address);
        };
    }

    private static int plain(int micro) {
        return micro >= MicroOp.OBSERVED ? micro - MicroOp.OBSERVED : micro;
    }

    private static boolean is32(int plain) {
        return plain < MicroOp.ATOMIC64;
    }

    private static Op.Atomic operator(int plain) {
        return ATOMICS[plain - (is32(plain) ? MicroOp.ATOMIC32 : MicroOp.ATOMIC64)];
    }

    private static long acrossPages(Execution run, long pointer, int width, int micro) {
        ArenaMap arena = run.code().arena();
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= MemorySemantics.load8(arena.find(pointer + i)) << 8 * i;
        }
        int unused = Long.SIZE - 8 * width;
        return MicroOp.isSigned(micro) ? value << unused >> unused : value;
    }

    /** Stores, by the number of the operation. */
    public static void store(Execution run, int index, int micro, long pointer, long value) {
        int plain = plain(micro);
        int width = MicroOp.widthBytes(plain);
        long address = find(run, index, pointer, width, micro);
        if (address == ArenaMap.NO_MEMORY) {
            return;
        }
        if (ArenaMap.isAcrossPages(pointer, width)) {
            ArenaMap arena = run.code().arena();
            for (int i = 0; i < width; i++) {
                MemorySemantics.store8(arena.find(pointer + i), value >>> 8 * i);
            }
            return;
        }
        switch (plain) {
            case MicroOp.STX8 -> MemorySemantics.store8(address, value);
            case MicroOp.STX16 -> MemorySemantics.store16(address, value);
            case MicroOp.STX32 -> MemorySemantics.store32(address, value);
            case MicroOp.STX64 -> MemorySemantics.store64(address, value);
            default -> MemorySemantics.storeRelease(8 * width, address, value);
        }
    }

    /**
     * An atomic operation, by its number.
     *
     * @param expected what is compared with, for the operation that compares
     * @return what the register gets that the operation writes, if it writes one
     */
    public static long atomic(Execution run, int index, int micro, long pointer, long value, long expected) {
        int plain = plain(micro);
        Op.Atomic operator = operator(plain);
        long address = find(run, index, pointer, MicroOp.widthBytes(plain), micro);
        if (address == ArenaMap.NO_MEMORY) {
            return 0;
        }
        return is32(plain)
                ? MemorySemantics.atomic32(operator, address, value, expected)
                : MemorySemantics.atomic64(operator, address, value, expected);
    }

    /** The guest address of the first byte, after a schedule point where accesses are observed. */
    private static long find(Execution run, int index, long pointer, int width, int micro) {
        run.at = index;
        ArenaMap arena = run.code().arena();
        long address = arena.find(pointer);
        boolean isThere = address != ArenaMap.NO_MEMORY
                && (!ArenaMap.isAcrossPages(pointer, width) || arena.find(pointer + width - 1) != ArenaMap.NO_MEMORY);
        if (!isThere) {
            run.arenaFault(!MicroOp.isLoad(plain(micro)), arena.userAddress(pointer));
            return ArenaMap.NO_MEMORY;
        }
        if (micro >= MicroOp.OBSERVED) {
            SharedAccess access = ObservedOps.access(plain(micro), MicroOp.isLoad(plain(micro)));
            SchedulePoint.reach(access, SchedulePoint.GUEST, address, width);
        }
        return address;
    }
}
