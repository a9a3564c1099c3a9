package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.StructRecords;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which Linux makes a map with the types of its keys and values. A map whose types are refused is made without
 * them, as libbpf tries once more: then it exists, but nothing can use the locks and other special fields of its values.
 *
 * <p>What must hold: types and sizes agree; the kind of map takes types at all, and this type as a key; it can hold the
 * special fields of its values, and programs may read and write them.
 */
public final class MapValueTypes {
    private static final long PROGRAM_ACCESS = MapFlags.BPF_F_RDONLY_PROG | MapFlags.BPF_F_WRONLY_PROG;

    private MapValueTypes() {}

    /**
     * Returns the special fields of a map's values if the definition names types and Linux makes the map with them; null if the
     * map is made without.
     */
    public static @Nullable BtfRecord kept(MapDef def, Btf btf) {
        if (def.valueTypeId() == 0) {
            return null;
        }
        try {
            return check(def, btf);
        } catch (MapRefusedException e) {
            return null;
        }
    }

    /** Returns why Linux does not make the map with the types that the definition names, in plain words; null if it does. */
    public static @Nullable String refusal(MapDef def, Btf btf) {
        try {
            check(def, btf);
            return null;
        } catch (MapRefusedException e) {
            return e.reason();
        }
    }

    /** Returns the types of maps whose values may hold a field of the kind. */
    public static List<MapType> typesThatHold(BtfField.Kind kind) {
        return Arrays.stream(MapType.values())
                .filter(type -> mayHold(MapDef.builder("", type).build(), kind))
                .toList();
    }

    /** The special fields of a map's values; none where the map is made without types. */
    public static BtfRecord recordOf(MapDef def, Btf btf) {
        return Objects.requireNonNullElse(kept(def, btf), BtfRecord.EMPTY);
    }

    /**
     * Refuses the types that Linux refuses.
     *
     * @param btf the types that the definition refers to
     * @return the special fields of the values
     */
    static BtfRecord check(MapDef def, Btf btf) throws MapRefusedException {
        if (def.valueTypeId() == 0 || def.valueTypeId() >= btf.size() || def.keyTypeId() >= btf.size()) {
            throw new MapRefusedException(Errno.EINVAL, "the type of the value is not known");
        }
        if (def.keyTypeId() != 0 && btf.sizeOf(def.keyTypeId()) != def.keySize()) {
            throw new MapRefusedException(
                    Errno.EINVAL,
                    "the type of the key has " + btf.sizeOf(def.keyTypeId()) + " bytes, the key " + def.keySize());
        }
        if (btf.sizeOf(def.valueTypeId()) != def.valueSize()) {
            throw new MapRefusedException(
                    Errno.EINVAL,
                    "the type of the value has " + btf.sizeOf(def.valueTypeId()) + " bytes, the value "
                            + def.valueSize());
        }
        BtfRecord record = BtfRecord.parse(btf, def.valueTypeId(), BtfRecord.MAP_VALUE_KINDS, def.valueSize());
        checkFields(def, btf, record);
        if (def.type().isMadeWithoutTypes()) {
            throw new MapRefusedException(
                    Errno.ENOTSUPP, "maps of type " + def.type().display() + " are made without types");
        }
        if (!isKeyRight(def, btf)) {
            throw new MapRefusedException(
                    Errno.EINVAL, "a map of type " + def.type().display() + " cannot have a key of this type");
        }
        return record;
    }

    private static void checkFields(MapDef def, Btf btf, BtfRecord record) throws MapRefusedException {
        if (!record.isEmpty() && (def.flags() & PROGRAM_ACCESS) != 0) {
            throw new MapRefusedException(
                    Errno.EACCES, "programs must be able to read and write the special fields of its values");
        }
        for (BtfField field : record.fields()) {
            if (!mayHold(def, field.kind())) {
                throw new MapRefusedException(
                        Errno.EOPNOTSUPP,
                        "maps of type " + def.type().display() + " cannot hold a "
                                + field.kind().typeName());
            }
        }
        for (BtfField field : record.fields()) {
            if (field.kind().isGraphRoot()
                    && StructRecords.of(btf, field.typeId()).isEmpty()) {
                throw new MapRefusedException(Errno.EINVAL, "its list or tree is of objects without a node");
            }
        }
    }

    private static boolean isKeyRight(MapDef def, Btf btf) {
        boolean hasKey = def.keyTypeId() != 0;
        BtfType key = btf.resolved(def.keyTypeId());
        return switch (def.type()) {
            case ARRAY, PERCPU_ARRAY ->
                hasKey
                        ? isInt(key, Integer.BYTES)
                        : def.maxEntries() == 1 && btf.resolved(def.valueTypeId()) instanceof BtfType.DataSec;
            case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE -> isInt(key, Integer.BYTES);
            case BLOOM_FILTER -> !hasKey;
            case LPM_TRIE -> key instanceof BtfType.Composite struct && !struct.isUnion();
            case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE ->
                def.keySize() == Long.BYTES ? isInt(key, Long.BYTES) : isCgroupKey(key, btf);
            default -> hasKey;
        };
    }

    private static boolean isInt(BtfType type, int bytes) {
        return type instanceof BtfType.Int number
                && number.sizeBytes() == bytes
                && number.bits() == bytes * Byte.SIZE
                && number.offset() == 0;
    }

    /** A {@code struct bpf_cgroup_storage_key}: the cgroup's number in 8 bytes, then the attach type in 4. */
    private static boolean isCgroupKey(BtfType type, Btf btf) {
        return type instanceof BtfType.Composite struct
                && !struct.isUnion()
                && struct.members().size() == 2
                && isInt(btf.resolved(struct.members().get(0).typeId()), Long.BYTES)
                && struct.members().get(0).bitOffset() == 0
                && isInt(btf.resolved(struct.members().get(1).typeId()), Integer.BYTES)
                && struct.members().get(1).bitOffset() == Long.SIZE;
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
