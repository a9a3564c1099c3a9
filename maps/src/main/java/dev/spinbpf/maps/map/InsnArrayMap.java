package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_INSN_ARRAY}: a table of a program's instructions. User space sees a structure for each, of which
 * the first word is the instruction's slot as the program was loaded and the second as it runs. A program reads the word
 * to jump to: {@link #TARGET} and the slot. Slots do not move here.
 */
final class InsnArrayMap extends BpfMap {
    private static final int RUNNING_SLOT = 4;

    private final long values;
    private final long targets;

    InsnArrayMap(CheckedMapDef definition) {
        super(definition);
        values = arena().allocate(maxEntries() * valueSize);
        targets = arena().allocate(maxEntries() * Long.BYTES);
        byte[] initial = def().initialData();
        if (initial != null) {
            GuestMemory.copyIn(initial, 0, values, (int) Math.min(initial.length, maxEntries() * valueSize));
        }
        for (int index = 0; index < maxEntries(); index++) {
            long value = values + (long) index * valueSize;
            setTarget(index, value, GuestMemory.getInt(value));
        }
    }

    private void setTarget(int index, long value, int slot) {
        GuestMemory.putInt(value + RUNNING_SLOT, slot);
        GuestMemory.putLong(targets + (long) index * Long.BYTES, TARGET | slot & 0xffff_ffffL);
    }

    @Override
    public long entryCount() {
        return maxEntries();
    }

    @Override
    public long directValueAddress() {
        return targets;
    }

    private long value(long key) {
        long index = GuestMemory.getInt(key) & 0xffff_ffffL;
        return index < maxEntries() ? values + index * valueSize : 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long found = value(key);
        if (found == 0) {
            return -ENOENT;
        }
        GuestMemory.copy(found, value, valueSize);
        return 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        boolean areFlagsValid = Long.compareUnsigned(flags, MapFlags.BPF_EXIST) <= 0;
        long found = value(key);
        int error = ArrayKeys.updateError(areFlagsValid, found, flags == MapFlags.BPF_NOEXIST);
        if (error != 0) {
            return error;
        }
        boolean isOnlyASlot =
                GuestMemory.getLong(value + Long.BYTES) == 0 && GuestMemory.getInt(value + RUNNING_SLOT) == 0;
        if (!isOnlyASlot) {
            return -EINVAL;
        }
        GuestMemory.putInt(found, GuestMemory.getInt(value));
        setTarget(GuestMemory.getInt(key), found, GuestMemory.getInt(value));
        return 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return -EINVAL;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return ArrayKeys.next((int) maxEntries(), key, nextKey);
    }
}
