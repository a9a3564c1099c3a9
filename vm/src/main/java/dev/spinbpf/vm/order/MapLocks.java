package dev.spinbpf.vm.order;

import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.verifier.locking.LockUse;
import java.util.ArrayList;
import java.util.List;

/**
 * The locks that a helper takes inside the map that it works on, and the places for programs that it passes, as docs/maps.md has
 * them.
 *
 * <p>All of them are taken with interrupts disabled, so that only NMIs land on their holders. Lookups take none: those of an
 * LPM trie read under its sequence counter, and where a writer is in the way they take and release the writer's lock, with
 * nothing held in between; a failure does not matter to them. So a read section orders no locks.
 */
final class MapLocks {
    private final List<Taken> taken = new ArrayList<>();
    private final List<Passed> passed = new ArrayList<>();
    private final LockUse.MapCall call;
    private final MapDef map;

    /**
     * A lock that the operation takes.
     *
     * @param under the locks inside the map that are held then
     */
    record Taken(LockKind kind, List<LockKind> under, boolean mayFail) {}

    /**
     * A place that the operation passes.
     *
     * @param under the locks inside the map that are held there
     */
    record Passed(HookPoint point, List<LockKind> under) {}

    private MapLocks(LockUse.MapCall call) {
        this.call = call;
        map = call.map();
    }

    /** @param inNmi whether the operation is made in an NMI, where some take no lock at all */
    static MapLocks of(LockUse.MapCall call, boolean inNmi) {
        var locks = new MapLocks(call);
        switch (call.helper()) {
            case "bpf_map_update_elem" -> locks.update();
            case "bpf_map_delete_elem" -> locks.delete();
            case "bpf_map_push_elem", "bpf_map_pop_elem", "bpf_map_peek_elem" -> locks.queue();
            case "bpf_ringbuf_reserve", "bpf_ringbuf_reserve_dynptr", "bpf_ringbuf_output" ->
                locks.take(LockKind.RINGBUF);
            case "bpf_task_storage_get", "bpf_sk_storage_get", "bpf_inode_storage_get", "bpf_cgrp_storage_get" ->
                locks.storageGet();
            case "bpf_task_storage_delete",
                    "bpf_sk_storage_delete",
                    "bpf_inode_storage_delete",
                    "bpf_cgrp_storage_delete" -> {
                if (!inNmi) {
                    locks.storageChange();
                }
            }
            default -> {}
        }
        return locks;
    }

    List<Taken> taken() {
        return taken;
    }

    List<Passed> passed() {
        return passed;
    }

    private void take(LockKind kind, LockKind... under) {
        taken.add(new Taken(kind, List.of(under), true));
    }

    private void pass(HookPoint point, LockKind... under) {
        passed.add(new Passed(point, List.of(under)));
    }

    private void update() {
        pass(HookPoint.MAP_UPDATE_BEFORE_LOCK);
        switch (map.type()) {
            case HASH, PERCPU_HASH, HASH_OF_MAPS -> {
                take(LockKind.BUCKET);
                pass(HookPoint.MAP_UPDATE_UNDER_LOCK, LockKind.BUCKET);
                element(LockKind.BUCKET);
                if (isPreallocated()) {
                    pass(HookPoint.FREELIST_POP_BEFORE_LOCK, LockKind.BUCKET);
                    take(LockKind.FREELIST, LockKind.BUCKET);
                }
                released();
            }
            case LRU_HASH, LRU_PERCPU_HASH -> {
                reclaim();
                take(LockKind.BUCKET);
                pass(HookPoint.MAP_UPDATE_UNDER_LOCK, LockKind.BUCKET);
                released();
            }
            case LPM_TRIE -> take(LockKind.LPM);
            case RHASH -> {
                taken.add(new Taken(LockKind.BUCKET, List.of(), false));
                element(LockKind.BUCKET);
            }
            case ARRAY, CGROUP_STORAGE -> element();
            default -> {}
        }
        pass(HookPoint.MAP_UPDATE_AFTER_LOCK);
    }

    private void delete() {
        pass(HookPoint.MAP_DELETE_BEFORE_LOCK);
        switch (map.type()) {
            case HASH, PERCPU_HASH, HASH_OF_MAPS, LRU_HASH, LRU_PERCPU_HASH -> {
                take(LockKind.BUCKET);
                pass(HookPoint.MAP_DELETE_UNDER_LOCK, LockKind.BUCKET);
                released();
            }
            case LPM_TRIE -> take(LockKind.LPM);
            case RHASH -> taken.add(new Taken(LockKind.BUCKET, List.of(), false));
            default -> {}
        }
        pass(HookPoint.MAP_DELETE_AFTER_LOCK);
    }

    private boolean isPreallocated() {
        return (map.flags() & MapFlags.BPF_F_NO_PREALLOC) == 0;
    }

    private boolean isLru() {
        return map.type() == MapType.LRU_HASH || map.type() == MapType.LRU_PERCPU_HASH;
    }

    /** With {@code BPF_F_LOCK} the value is copied under the element's lock, which cannot fail. */
    private void element(LockKind... under) {
        Integer flags = call.flags();
        boolean may = flags == null || (flags & MapFlags.BPF_F_LOCK) != 0;
        if (call.elementLock() != null && may) {
            taken.add(new Taken(LockKind.MAP_VALUE, List.of(under), false));
        }
    }

    /** An element goes back to where it came from, with no lock held. */
    private void released() {
        pass(HookPoint.ELEMENT_FREE);
        if (isLru()) {
            if (hasStashes()) {
                take(LockKind.LRU_LOCAL);
            }
            take(LockKind.LRU);
        } else if (isPreallocated()) {
            pass(HookPoint.FREELIST_PUSH_BEFORE_LOCK);
            take(LockKind.FREELIST);
        }
    }

    private boolean hasStashes() {
        return (map.flags() & MapFlags.BPF_F_NO_COMMON_LRU) == 0;
    }

    /** An LRU hash takes an element before the bucket's lock, and evicts others under the locks of its rings. */
    private void reclaim() {
        if (hasStashes()) {
            take(LockKind.LRU_LOCAL);
            take(LockKind.LRU, LockKind.LRU_LOCAL);
            take(LockKind.BUCKET, LockKind.LRU_LOCAL, LockKind.LRU);
            take(LockKind.BUCKET, LockKind.LRU_LOCAL);
        } else {
            take(LockKind.LRU);
            take(LockKind.BUCKET, LockKind.LRU);
        }
    }

    private void queue() {
        switch (map.type()) {
            case QUEUE -> take(LockKind.QUEUE);
            case STACK -> take(LockKind.STACK);
            default -> {}
        }
    }

    private void storageGet() {
        Integer flags = call.flags();
        if (flags == null || (flags & MapFlags.BPF_LOCAL_STORAGE_GET_F_CREATE) != 0) {
            storageChange();
        } else {
            take(LockKind.STORAGE);
        }
    }

    private void storageChange() {
        take(LockKind.STORAGE);
        take(LockKind.BUCKET, LockKind.STORAGE);
    }
}
