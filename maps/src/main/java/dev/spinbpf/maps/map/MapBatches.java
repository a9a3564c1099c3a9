package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;

/** The batch commands: which kinds have which, and how they go element by element or bucket by bucket. */
final class MapBatches {
    private MapBatches() {}

    static int lookup(BpfMap map, Cpu cpu, MapBatch batch) {
        return switch (map.type()) {
            case ARRAY, PERCPU_ARRAY, ARRAY_OF_MAPS, LPM_TRIE -> lookupEach(map, cpu, batch);
            default -> lookupHash(map, cpu, batch, false);
        };
    }

    static int lookupAndDelete(BpfMap map, Cpu cpu, MapBatch batch) {
        return lookupHash(map, cpu, batch, true);
    }

    private static int lookupHash(BpfMap map, Cpu cpu, MapBatch batch, boolean delete) {
        long allowed = MapFlags.BPF_F_LOCK | (!delete && map.isPercpu() ? MapFlags.BPF_F_CPU : 0);
        if (!(map instanceof HashTableMap) && !(map instanceof ResizableHashMap)) {
            return -ENOTSUPP;
        }
        int error = map.checkOperationFlags(batch.elementFlags(), allowed);
        if (error != 0 || batch.flags() != 0) {
            return error != 0 ? error : -EINVAL;
        }
        int room = GuestMemory.getInt(batch.count());
        if (room == 0) {
            return 0;
        }
        GuestMemory.putInt(batch.count(), 0);
        return map instanceof HashTableMap hash
                ? lookupBuckets(hash, cpu, batch, room, delete)
                : ((ResizableHashMap) map).lookupBatch(cpu, batch, room, delete);
    }

    private static int lookupBuckets(HashTableMap map, Cpu cpu, MapBatch batch, int room, boolean delete) {
        long index = batch.inBatch() == 0 ? 0 : GuestMemory.getInt(batch.inBatch()) & 0xffffffffL;
        if (index >= map.bucketCount()) {
            return -ENOENT;
        }
        int valueSize = map.sysValueSize(batch.elementFlags());
        // Nothing may go wrong while a bucket is locked.
        GuestMemory.getByte(batch.keys() + (room & 0xffffffffL) * map.keySize - 1);
        GuestMemory.getByte(batch.values() + (room & 0xffffffffL) * valueSize - 1);
        GuestMemory.getInt(batch.outBatch());
        int total = 0;
        int result = -ENOENT;
        for (; index < map.bucketCount(); index++) {
            long key = batch.keys() + (long) total * map.keySize;
            long value = batch.values() + (long) total * valueSize;
            int copied = map.copyBucket(cpu, index, key, value, room - total, batch.elementFlags(), delete);
            if (copied < 0) {
                result = copied == -ENOSPC && total > 0 ? 0 : copied;
                break;
            }
            total += copied;
        }
        GuestMemory.putInt(batch.outBatch(), (int) index);
        GuestMemory.putInt(batch.count(), total);
        return result;
    }

    /** {@code generic_map_lookup_batch}. */
    private static int lookupEach(BpfMap map, Cpu cpu, MapBatch batch) {
        int error = map.checkOperationFlags(batch.elementFlags(), MapFlags.BPF_F_LOCK | MapFlags.BPF_F_CPU);
        if (error != 0) {
            return error;
        }
        int room = GuestMemory.getInt(batch.count());
        if (room == 0) {
            return 0;
        }
        GuestMemory.putInt(batch.count(), 0);
        int valueSize = map.sysValueSize(batch.elementFlags());
        long previous = batch.inBatch();
        int copied = 0;
        while (copied != room) {
            long key = batch.keys() + (long) copied * map.keySize;
            error = map.getNextKey(cpu, previous, key);
            if (error != 0) {
                break;
            }
            error = map.copyValue(cpu, key, batch.values() + (long) copied * valueSize, batch.elementFlags());
            if (error != 0 && error != -ENOENT) {
                return error;
            }
            copied += error == 0 ? 1 : 0;
            previous = key;
            error = 0;
        }
        if (copied != 0) {
            Bytes.copy(previous, batch.outBatch(), map.keySize);
        }
        GuestMemory.putInt(batch.count(), copied);
        return error;
    }

    /** {@code generic_map_update_batch}. */
    static int update(BpfMap map, Cpu cpu, MapBatch batch) {
        switch (map.type()) {
            case ARRAY, PERCPU_ARRAY, ARRAY_OF_MAPS, LPM_TRIE -> {}
            default -> {
                if (!(map instanceof HashTableMap) && !(map instanceof ResizableHashMap)) {
                    return -ENOTSUPP;
                }
            }
        }
        int error = map.checkOperationFlags(
                batch.elementFlags(), MapFlags.BPF_F_LOCK | MapFlags.BPF_F_CPU | MapFlags.BPF_F_ALL_CPUS);
        int room = GuestMemory.getInt(batch.count());
        if (error != 0 || room == 0) {
            return error;
        }
        int valueSize = map.sysValueSize(batch.elementFlags());
        int done = 0;
        for (; error == 0 && done != room; done += error == 0 ? 1 : 0) {
            long value = batch.values() + (long) done * valueSize;
            error = map.updateValue(cpu, batch.keys() + (long) done * map.keySize, value, batch.elementFlags());
        }
        GuestMemory.putInt(batch.count(), done);
        return error;
    }

    /** {@code generic_map_delete_batch}. */
    static int delete(BpfMap map, Cpu cpu, MapBatch batch) {
        if (!(map instanceof HashTableMap) && !(map instanceof ResizableHashMap) && !(map instanceof LpmTrieMap)) {
            return -ENOTSUPP;
        }
        boolean locked = (batch.elementFlags() & MapFlags.BPF_F_LOCK) != 0;
        if ((batch.elementFlags() & ~MapFlags.BPF_F_LOCK) != 0
                || locked && !map.layout().hasSpinLock()) {
            return -EINVAL;
        }
        int room = GuestMemory.getInt(batch.count());
        int error = 0;
        int done = 0;
        for (; error == 0 && done != room; done += error == 0 ? 1 : 0) {
            error = map.delete(cpu, batch.keys() + (long) done * map.keySize);
        }
        GuestMemory.putInt(batch.count(), done);
        return error;
    }
}
