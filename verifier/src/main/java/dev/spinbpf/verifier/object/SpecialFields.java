package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.StructRecords;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** Special fields of what registers point to. */
public final class SpecialFields {
    private SpecialFields() {}

    /** The special fields of the map value or allocated object that the register points to; null if it is neither. */
    public static @Nullable BtfRecord of(Exploration path, RegState reg) {
        if (reg.is(RegType.PTR_TO_MAP_VALUE, 0)) {
            return reg.map().record();
        }
        if (!reg.isAllocatedObject()) {
            return null;
        }
        RegPayload.BtfRef type = reg.btfRef();
        return type.btf() == path.unit().btf() ? ofStruct(path.unit().btf(), type.typeId()) : null;
    }

    /** The special fields of a struct that a program may allocate; null if it has none. */
    public static @Nullable BtfRecord ofStruct(Btf btf, int typeId) {
        if (typeId <= 0 || typeId >= btf.size()) {
            return null;
        }
        BtfRecord record = StructRecords.of(btf, typeId);
        return record.errno() != 0 || record.isEmpty() ? null : record;
    }

    public static boolean has(@Nullable BtfRecord record, BtfField.Kind kind) {
        return record != null && record.has(kind);
    }

    /** The field of one of these kinds that starts at the offset, or null. */
    public static @Nullable BtfField find(@Nullable BtfRecord record, long offset, BtfField.Kind... kinds) {
        BtfField field = record == null ? null : record.at(offset);
        if (field != null) {
            for (BtfField.Kind kind : kinds) {
                if (field.kind() == kind) {
                    return field;
                }
            }
        }
        return null;
    }

    /** Offset of the only field of the kind, -1 if there is none. */
    static int offsetOf(@Nullable BtfRecord record, BtfField.Kind kind) {
        BtfField field = record == null ? null : record.first(kind);
        return field == null ? -1 : field.offset();
    }

    /** Returns what tells whether two locks lie in the same map or set of types. */
    static Object ownerOf(RegState reg) {
        return reg.is(RegType.PTR_TO_MAP_VALUE) ? reg.map() : reg.btfRef().btf();
    }
}
