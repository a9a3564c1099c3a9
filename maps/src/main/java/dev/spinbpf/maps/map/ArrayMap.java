package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import org.jspecify.annotations.Nullable;

/** {@code BPF_MAP_TYPE_ARRAY}: values side by side, all of them there from the beginning. Has no lock of its own. */
final class ArrayMap extends ValueArrayMap {
    private static final long PAGE_SIZE = GuestMemory.PAGE_SIZE;

    private final long values;

    ArrayMap(CheckedMapDef definition) {
        super(definition);
        long size = elementSize * maxEntries();
        values = arena().allocate(size, hasFlag(MapFlags.BPF_F_MMAPABLE) ? PAGE_SIZE : Long.BYTES);
        byte[] initial = def().initialData();
        if (initial != null) {
            GuestMemory.copyIn(initial, 0, values, (int) Math.min(initial.length, size));
            layout().clearFields(values);
        }
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        int index = GuestMemory.getInt(key);
        return Integer.compareUnsigned(index, count) < 0 ? values + (index & 0xffffffffL) * elementSize : 0;
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        boolean areFlagsValid = Long.compareUnsigned(flags & ~MapFlags.BPF_F_LOCK, MapFlags.BPF_EXIST) <= 0;
        long found = lookup(cpu, key);
        int error = ArrayKeys.updateError(areFlagsValid, found, (flags & MapFlags.BPF_NOEXIST) != 0);
        if (error != 0) {
            return error;
        }
        if ((flags & MapFlags.BPF_F_LOCK) == 0) {
            layout().copy(value, found);
        } else if (layout().hasSpinLock()) {
            requireReadable(value, valueSize);
            copyLocked(cpu, value, found, found);
        } else {
            return -EINVAL;
        }
        ElementEvents.put(this, key, true);
        cancelFields(cpu, found);
        return 0;
    }

    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        for (int index = 0; index < count; index++) {
            GuestMemory.putInt(keyScratch, index);
            if (visitor.visit(cpu, this, keyScratch, values + index * elementSize) != 0) {
                return index + 1L;
            }
        }
        return count;
    }

    @Override
    public @Nullable ElementAddress elementAt(Cpu cpu, long address) {
        long index = (address - values) / elementSize;
        long offset = address - values - index * elementSize;
        if (address < values || index >= maxEntries() || offset >= valueSize) {
            return null;
        }
        return new ElementAddress(ArrayKeys.bytes((int) index), offset);
    }

    @Override
    public long keyOfValue(long value, long scratch) {
        GuestMemory.putInt(scratch, (int) ((value - values) / elementSize));
        return scratch;
    }

    @Override
    public long directValueAddress() {
        return count == 1 ? values : 0;
    }
}
