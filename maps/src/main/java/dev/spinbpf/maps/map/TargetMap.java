package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENODEV;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.EOVERFLOW;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code BPF_MAP_TYPE_DEVMAP}, {@code DEVMAP_HASH} and {@code CPUMAP}: where packets can be redirected to. User space
 * names a device by its number, of which the machine has one (its loopback device, {@value #LOOPBACK}), and a CPU by
 * the length of its queue. Programs look them up and cannot change them.
 *
 * <p>A value's second half names a program that runs at the target; user space has no descriptor of one here.
 */
public final class TargetMap extends BpfMap {
    /** The number of the only device. */
    public static final int LOOPBACK = 1;

    private static final int LONGEST_QUEUE = 16384;
    private static final int PROGRAM = 4;

    /** By unsigned key. */
    private final ConcurrentSkipListMap<Long, Long> addressByKey = new ConcurrentSkipListMap<>();

    TargetMap(CheckedMapDef definition) {
        super(definition);
    }

    private static long keyAt(long key) {
        return GuestMemory.getInt(key) & 0xffff_ffffL;
    }

    private boolean isHash() {
        return type() == MapType.DEVMAP_HASH;
    }

    /** Returns true where there is a target at a key. */
    public boolean contains(long key) {
        return addressByKey.containsKey(key & 0xffff_ffffL);
    }

    @Override
    public long entryCount() {
        return addressByKey.size();
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        return addressByKey.getOrDefault(keyAt(key), 0L);
    }

    @Override
    int updateValue(Cpu cpu, long keyAddress, long value, long flags) {
        long key = keyAt(keyAddress);
        int target = GuestMemory.getInt(value);
        if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0 || isHash() && target == 0) {
            return -EINVAL;
        }
        if (!isHash() && key >= maxEntries()) {
            return -E2BIG;
        }
        if (flags == MapFlags.BPF_NOEXIST && (!isHash() || contains(key))) {
            return -EEXIST;
        }
        int error = checkTarget(key, value, target);
        if (error != 0) {
            return error;
        }
        if (target == 0) {
            remove(key);
            return 0;
        }
        return put(key, value);
    }

    private int checkTarget(long key, long value, int target) {
        int program = valueSize > PROGRAM ? GuestMemory.getInt(value + PROGRAM) : 0;
        if (type() != MapType.CPUMAP) {
            return target != 0 && target != LOOPBACK || program > 0 ? -EINVAL : 0;
        }
        if (Integer.compareUnsigned(target, LONGEST_QUEUE) > 0) {
            return -EOVERFLOW;
        }
        if (key >= cpuCount) {
            return -ENODEV;
        }
        return target != 0 && program > 0 ? -EINVAL : 0;
    }

    private int put(long key, long value) {
        Long old = addressByKey.get(key);
        if (old == null && addressByKey.size() >= maxEntries()) {
            return -E2BIG;
        }
        long address = old != null ? old : arena().allocate(valueSize);
        GuestMemory.copy(value, address, valueSize);
        if (valueSize > PROGRAM) {
            GuestMemory.putInt(address + PROGRAM, 0);
        }
        addressByKey.put(key, address);
        return 0;
    }

    /** A program may still hold the value's address, so that its memory stays until the map goes. */
    private boolean remove(long key) {
        return addressByKey.remove(key) != null;
    }

    @Override
    public int delete(Cpu cpu, long keyAddress) {
        long key = keyAt(keyAddress);
        if (isHash()) {
            return remove(key) ? 0 : -ENOENT;
        }
        if (key >= maxEntries()) {
            return -EINVAL;
        }
        remove(key);
        return 0;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        if (!isHash()) {
            return ArrayKeys.next((int) maxEntries(), key, nextKey);
        }
        boolean fromStart = key == 0 || !contains(keyAt(key));
        @Nullable
        Long next = fromStart
                ? (addressByKey.isEmpty() ? null : addressByKey.firstKey())
                : addressByKey.higherKey(keyAt(key));
        if (next == null) {
            return -ENOENT;
        }
        GuestMemory.putInt(nextKey, next.intValue());
        return 0;
    }
}
