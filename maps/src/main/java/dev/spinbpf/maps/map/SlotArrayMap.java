package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_PROG_ARRAY} and {@code BPF_MAP_TYPE_ARRAY_OF_MAPS}: slots that hold a program or a map, or
 * nothing.
 *
 * <p>User space writes and reads 32-bit handles: of a map its id, of a program whatever number the runtime gives it. A
 * slot of an array of maps is the inner map's address, 0 where it is empty; a slot of a program array is the handle
 * with {@link #TAKEN} above it. Programs get inner maps by {@link #lookup} and cannot look into program arrays; a tail
 * call reads {@link #program}.
 */
public final class SlotArrayMap extends HandleArrayMap {
    /** The result of {@link #program} for an empty slot or an index outside of the array. */
    public static final long NO_PROGRAM = -1;

    private static final long TAKEN = 1L << 32;

    private final boolean ofMaps;

    SlotArrayMap(CheckedMapDef definition) {
        super(definition);
        ofMaps = type() == MapType.ARRAY_OF_MAPS;
    }

    /** The handle of the program at an index, as an unsigned number, or {@link #NO_PROGRAM}. */
    public long program(int index) {
        long content = has(index) ? GuestWords.getLongOpaque(slot(index)) : 0;
        return content == 0 ? NO_PROGRAM : content & ~TAKEN;
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        int index = GuestMemory.getInt(key);
        return ofMaps && has(index) ? GuestWords.getLongAcquire(slot(index)) : 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        if (flags != MapFlags.BPF_ANY) {
            return -EINVAL;
        }
        int index = GuestMemory.getInt(key);
        if (!has(index)) {
            return -E2BIG;
        }
        int handle = GuestMemory.getInt(value);
        long content = TAKEN | (handle & 0xffffffffL);
        if (ofMaps) {
            content = InnerMaps.resolve(this, handle);
            if (content < 0) {
                return (int) content;
            }
        }
        GuestWords.getAndSetLong(slot(index), content);
        return 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        int index = GuestMemory.getInt(key);
        long content = has(index) ? GuestWords.getLongOpaque(slot(index)) : 0;
        if (content == 0) {
            return -ENOENT;
        }
        GuestMemory.putInt(value, ofMaps ? InnerMaps.idOf(content) : (int) content);
        return 0;
    }
}
