package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;

/** Accesses to map values: bounds, permissions, special fields, contents that never change. */
public final class MapAccess {

    private MapAccess() {}

    /** Who accesses the value. */
    public enum Source {
        /** An instruction. */
        DIRECT,
        HELPER
    }

    /** Refuses what the map's flags forbid. */
    static void checkPermission(Exploration path, RegState reg, int off, int size, AccessType type) {
        MapInfo map = reg.map();
        long flags = flags(map.def());
        if (type == AccessType.WRITE && (flags & MapFlags.BPF_F_RDONLY_PROG) != 0) {
            throw path.reject(Errno.EACCES, Message.MAP_WRITE_FORBIDDEN_AT, map.valueSize(), reg.smin() + off, size);
        }
        if (type == AccessType.READ && (flags & MapFlags.BPF_F_WRONLY_PROG) != 0) {
            throw path.reject(Errno.EACCES, Message.MAP_READ_FORBIDDEN_AT, map.valueSize(), reg.smin() + off, size);
        }
    }

    private static long flags(MapDef def) {
        boolean isForReading = def.readOnly() || def.type() == MapType.DEVMAP || def.type() == MapType.DEVMAP_HASH;
        return isForReading ? def.flags() | MapFlags.BPF_F_RDONLY_PROG : def.flags();
    }

    /** Bytes that a pointer to the map's value can reach. */
    public static long memSize(MapInfo map) {
        return map.type() == MapType.INSN_ARRAY ? map.def().maxEntries() * Long.BYTES : map.valueSize();
    }

    /** Refuses an access outside of the value, or to a special field in a way that it does not allow. */
    public static void check(
            Exploration path, RegState reg, String name, int off, int size, boolean zeroSizeAllowed, Source source) {
        MapInfo map = reg.map();
        MemoryRegion.check(path, reg, name, off, size, memSize(map), zeroSizeAllowed);
        for (BtfField field : map.record().fields()) {
            boolean touched =
                    reg.smin() + off < field.end() && Long.compareUnsigned(field.offset(), reg.umax() + off + size) < 0;
            if (touched) {
                checkField(path, reg, off, size, source, field);
            }
        }
    }

    private static void checkField(Exploration path, RegState reg, int off, int size, Source source, BtfField field) {
        String fieldName = fieldTypeName(field.kind());
        if (!field.kind().isPointer()) {
            throw path.reject(Errno.EACCES, Message.SPECIAL_FIELD_DIRECT_ACCESS, fieldName);
        }
        if (source != Source.DIRECT) {
            throw path.reject(Errno.EACCES, Message.SPECIAL_FIELD_INDIRECT_ACCESS, fieldName);
        }
        if (!reg.isConst()) {
            throw path.reject(Errno.EACCES, Message.KPTR_ACCESS_VARIABLE_OFFSET, fieldName);
        }
        if (field.offset() != off + reg.constValue()) {
            throw path.reject(
                    Errno.EACCES, Message.KPTR_ACCESS_MISALIGNED, fieldName, field.offset(), off + reg.constValue());
        }
        if (size != Long.BYTES) {
            throw path.reject(Errno.EACCES, Message.KPTR_ACCESS_SIZE, fieldName);
        }
    }

    /** A special field in the words of messages. */
    static String fieldTypeName(BtfField.Kind kind) {
        return switch (kind) {
            case BPF_KPTR_UNREF, BPF_KPTR_REF -> "kptr";
            default -> kind.typeName();
        };
    }
}
