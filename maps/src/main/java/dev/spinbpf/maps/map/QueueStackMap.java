package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_QUEUE} and {@code BPF_MAP_TYPE_STACK}: a ring with one slot more than elements, under one
 * rqspinlock. An operation whose lock fails returns -EBUSY and changes nothing (a pop or peek zeroes the caller's
 * buffer).
 *
 * <pre>
 *   lock(4) head(4) tail(4) -(4)   values are added at the head; a queue takes them from the tail, a stack from the head
 * </pre>
 */
final class QueueStackMap extends KeylessMap {
    private static final int HEAD = 4;
    private static final int TAIL = 8;
    private static final int CONTROL_SIZE = 64;

    private final long control;
    private final long values;
    private final int slots;
    private final boolean stack;
    private final LockClass lockClass;

    QueueStackMap(CheckedMapDef definition) {
        super(definition);
        stack = type() == MapType.STACK;
        slots = (int) (maxEntries() + 1);
        control = arena().allocate(CONTROL_SIZE, CONTROL_SIZE);
        values = arena().allocate((maxEntries() + 1) * valueSize);
        lockClass = lockClass(stack ? LockKind.STACK : LockKind.QUEUE);
    }

    private long slot(int index) {
        return values + (index & 0xffffffffL) * valueSize;
    }

    private int next(int index) {
        return index + 1 == slots ? 0 : index + 1;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return -EINVAL;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return -EINVAL;
    }

    @Override
    public int push(Cpu cpu, long value, long flags) {
        if ((flags & MapFlags.BPF_NOEXIST) != 0 || Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), 0);
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, control, lockClass, irqFlags) != 0) {
            stats().lockFailed(cpu);
            return -EBUSY;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), 0);
        int head = GuestMemory.getInt(control + HEAD);
        int tail = GuestMemory.getInt(control + TAIL);
        boolean full = next(head) == tail;
        boolean fits = !full || (flags & MapFlags.BPF_EXIST) != 0;
        if (fits) {
            if (full) {
                GuestMemory.putInt(control + TAIL, next(tail));
            }
            Bytes.copy(value, slot(head), valueSize);
            GuestMemory.putInt(control + HEAD, next(head));
        }
        locks.unlockIrqrestore(cpu, control, irqFlags);
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), 0);
        return fits ? 0 : -E2BIG;
    }

    @Override
    public int pop(Cpu cpu, long value) {
        requireReadable(value, valueSize);
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), 0);
        int result = take(cpu, value, true);
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), 0);
        return result;
    }

    @Override
    public int peek(Cpu cpu, long value) {
        requireReadable(value, valueSize);
        return take(cpu, value, false);
    }

    private int take(Cpu cpu, long value, boolean delete) {
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, control, lockClass, irqFlags) != 0) {
            Bytes.zero(value, valueSize);
            stats().lockFailed(cpu);
            return -EBUSY;
        }
        if (delete) {
            cpu.fire(HookPoint.MAP_DELETE_UNDER_LOCK, id(), 0);
        }
        int head = GuestMemory.getInt(control + HEAD);
        int tail = GuestMemory.getInt(control + TAIL);
        boolean empty = head == tail;
        if (empty) {
            Bytes.zero(value, valueSize);
        } else {
            int index = stack ? (head == 0 ? slots - 1 : head - 1) : tail;
            Bytes.copy(slot(index), value, valueSize);
            if (delete) {
                GuestMemory.putInt(control + (stack ? HEAD : TAIL), stack ? index : next(tail));
            }
        }
        locks.unlockIrqrestore(cpu, control, irqFlags);
        return empty ? -ENOENT : 0;
    }

    @Override
    int takeValue(Cpu cpu, long key, long value, long flags) {
        return pop(cpu, value);
    }

    @Override
    public long entryCount() {
        int used = GuestMemory.getIntOpaque(control + HEAD) - GuestMemory.getIntOpaque(control + TAIL);
        return used < 0 ? used + slots : used;
    }

    /** Address of the lock. */
    long lock() {
        return control;
    }
}
