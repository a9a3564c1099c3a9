package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;

/**
 * The decision to make a map with its types. A map of a kind that cannot hold the special fields of its value is refused. Loaders
 * then go on without types, so that the map exists but its locks cannot be used.
 */
final class MapBtf {

    private MapBtf() {}

    /** True if a map with these special fields in its value is made with its types. */
    static boolean isKept(MapDef def, Btf btf, BtfRecord record) {
        if (def.type().isMadeWithoutTypes()
                || def.valueTypeId() == 0
                || btf.sizeOf(def.valueTypeId()) != def.valueSize()) {
            return false;
        }
        if (def.keyTypeId() != 0 && btf.sizeOf(def.keyTypeId()) != def.keySize()) {
            return false;
        }
        if (!record.isEmpty() && (def.flags() & (MapFlags.BPF_F_RDONLY_PROG | MapFlags.BPF_F_WRONLY_PROG)) != 0) {
            return false;
        }
        for (BtfField field : record.fields()) {
            if (!mayHold(def, field.kind()) || !isContainedKnown(btf, field)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isContainedKnown(Btf btf, BtfField root) {
        return !root.kind().isGraphRoot()
                || !StructRecords.of(btf, root.typeId()).isEmpty();
    }

    private static boolean mayHold(MapDef def, BtfField.Kind kind) {
        return switch (kind) {
            case BPF_SPIN_LOCK, BPF_RES_SPIN_LOCK ->
                switch (def.type()) {
                    case HASH, RHASH, ARRAY, CGROUP_STORAGE, SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE ->
                        true;
                    default -> false;
                };
            case BPF_TIMER, BPF_WORKQUEUE, BPF_TASK_WORK ->
                switch (def.type()) {
                    case HASH, RHASH, LRU_HASH, ARRAY -> true;
                    default -> false;
                };
            case BPF_KPTR_UNREF, BPF_KPTR_REF, BPF_KPTR_PERCPU, BPF_REFCOUNT ->
                switch (def.type()) {
                    case HASH,
                            RHASH,
                            PERCPU_HASH,
                            LRU_HASH,
                            LRU_PERCPU_HASH,
                            ARRAY,
                            PERCPU_ARRAY,
                            SK_STORAGE,
                            INODE_STORAGE,
                            TASK_STORAGE,
                            CGRP_STORAGE -> true;
                    default -> false;
                };
            case BPF_UPTR -> def.type() == MapType.TASK_STORAGE;
            case BPF_LIST_HEAD, BPF_RB_ROOT ->
                switch (def.type()) {
                    case HASH, LRU_HASH, ARRAY -> true;
                    default -> false;
                };
            case BPF_LIST_NODE, BPF_RB_NODE -> false;
        };
    }
}
