package dev.spinbpf.programs.btf;

import java.util.Set;

/**
 * The special fields of structs that programs allocate. Linux looks for them once, when it takes an object's types
 * ({@code btf_parse_struct_metas}), and only in structs that directly hold one of a few kinds: one that holds a
 * {@code bpf_res_spin_lock} and nothing else has no special field.
 */
public final class StructRecords {
    private static final Set<BtfField.Kind> SOUGHT = Set.of(
            BtfField.Kind.BPF_SPIN_LOCK,
            BtfField.Kind.BPF_LIST_HEAD,
            BtfField.Kind.BPF_LIST_NODE,
            BtfField.Kind.BPF_RB_ROOT,
            BtfField.Kind.BPF_RB_NODE,
            BtfField.Kind.BPF_REFCOUNT);
    private static final Set<String> KPTR_TAGS = Set.of("kptr", "kptr_untrusted", "percpu_kptr");

    private StructRecords() {}

    /** The special fields of the struct; none if the id is no struct's. */
    public static BtfRecord of(Btf btf, int typeId) {
        return btf.type(typeId) instanceof BtfType.Composite struct && isSought(btf, typeId)
                ? BtfRecord.parse(btf, typeId, BtfRecord.ALLOCATED_OBJECT_KINDS, struct.sizeBytes())
                : BtfRecord.EMPTY;
    }

    /** True if Linux looks for special fields in the type: a struct that directly holds one. */
    static boolean isSought(Btf btf, int typeId) {
        return btf.type(typeId) instanceof BtfType.Composite struct && !struct.isUnion() && holdsSpecial(btf, struct);
    }

    private static boolean holdsSpecial(Btf btf, BtfType.Composite struct) {
        for (BtfType.Member member : struct.members()) {
            if (isSpecial(btf, member.typeId())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSpecial(Btf btf, int typeId) {
        BtfType type = btf.type(typeId);
        if (type instanceof BtfType.Composite) {
            return SOUGHT.stream().anyMatch(kind -> btf.find(kind.typeName(), BtfType.Composite.class) == typeId);
        }
        if (type instanceof BtfType.Modifier modifier && modifier.kind() == BtfType.ModifierKind.VOLATILE) {
            type = btf.type(modifier.typeId());
        }
        return type instanceof BtfType.Ptr pointer && isKptr(btf, pointer.typeId());
    }

    /** True if tags on the way to a struct make pointers to it kptrs. */
    private static boolean isKptr(Btf btf, int pointedTypeId) {
        boolean tagged = false;
        int at = pointedTypeId;
        while (true) {
            BtfType type = btf.type(at);
            if (type instanceof BtfType.Modifier modifier) {
                tagged |= modifier.kind() == BtfType.ModifierKind.TYPE_TAG && KPTR_TAGS.contains(modifier.name());
                at = modifier.typeId();
            } else if (type instanceof BtfType.Typedef typedef) {
                at = typedef.typeId();
            } else {
                return tagged && type instanceof BtfType.Composite struct && !struct.isUnion();
            }
        }
    }
}
