package dev.spinbpf.programs.btf;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The special fields of a type, by offset: what Linux calls a {@code btf_record}. A type whose fields break the rules
 * has none, and says why by {@link #errno()}; a map of such a type can be made, but no program can use a special field
 * of it.
 *
 * @param fields the fields, sorted by offset
 * @param errno 0, or the negative errno value with which Linux refuses the fields
 */
public record BtfRecord(List<BtfField> fields, int errno) {
    /** No special fields. */
    public static final BtfRecord EMPTY = new BtfRecord(List.of(), 0);

    /** The kinds of fields that a map's value may hold; each type of map restricts them further. */
    public static final Set<BtfField.Kind> MAP_VALUE_KINDS =
            Set.copyOf(EnumSet.complementOf(EnumSet.of(BtfField.Kind.BPF_LIST_NODE, BtfField.Kind.BPF_RB_NODE)));

    /** The kinds of fields that Linux records for an object that a program allocates. */
    public static final Set<BtfField.Kind> ALLOCATED_OBJECT_KINDS = Set.copyOf(EnumSet.complementOf(EnumSet.of(
            BtfField.Kind.BPF_TIMER,
            BtfField.Kind.BPF_WORKQUEUE,
            BtfField.Kind.BPF_TASK_WORK,
            BtfField.Kind.BPF_UPTR)));

    /**
     * Finds the special fields of a type.
     *
     * @param btf the types
     * @param typeId a struct or a section of variables, or a typedef of one; anything else gives -EINVAL
     * @param kinds the kinds to look for
     * @param valueSize size of the value in bytes
     */
    public static BtfRecord parse(Btf btf, int typeId, Set<BtfField.Kind> kinds, long valueSize) {
        return BtfFieldParser.parse(btf, typeId, kinds, valueSize);
    }

    /** Returns true if there are no special fields. */
    public boolean isEmpty() {
        return fields.isEmpty();
    }

    /** Returns true if there is a field of the kind. */
    public boolean has(BtfField.Kind kind) {
        return first(kind) != null;
    }

    /** The first field of the kind, or null. */
    public @Nullable BtfField first(BtfField.Kind kind) {
        for (BtfField field : fields) {
            if (field.kind() == kind) {
                return field;
            }
        }
        return null;
    }

    /** The field that starts at the offset, or null. */
    public @Nullable BtfField at(long offset) {
        for (BtfField field : fields) {
            if (field.offset() == offset) {
                return field;
            }
        }
        return null;
    }
}
