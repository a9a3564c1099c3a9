package dev.spinbpf.programs.btf;

import java.util.List;

/**
 * Decides if a type of the target may stand for one of the program. libbpf has three notions of this: for fields that
 * an access leads to, for whole types ("exists"), and a strict one, member by member ("matches").
 * Qualifiers and typedefs never count.
 */
final class CoreTypes {
    private static final int MAX_DEPTH = 32;

    private final Btf local;
    private final Btf target;
    private final CoreBudget budget;

    CoreTypes(Btf local, Btf target, CoreBudget budget) {
        this.local = local;
        this.target = target;
        this.budget = budget;
    }

    /** Returns true if the types have the same kind; enumerations of 32 and 64 bits count as one. */
    static boolean sameKind(BtfType a, BtfType b) {
        return switch (a) {
            case BtfType.Composite composite ->
                b instanceof BtfType.Composite other && other.isUnion() == composite.isUnion();
            case BtfType.Modifier modifier -> b instanceof BtfType.Modifier other && other.kind() == modifier.kind();
            default -> a.getClass() == b.getClass();
        };
    }

    private static String essentialName(String name) {
        return name.substring(0, Btf.essentialNameLength(name));
    }

    /** Returns true if the target's field may be read in place of the program's. */
    boolean fieldsCompatible(int localId, int targetId) throws CoreException {
        int localAt = localId;
        int targetAt = targetId;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            budget.spend();
            BtfType a = local.resolved(localAt);
            BtfType b = target.resolved(targetAt);
            if (a instanceof BtfType.Composite && b instanceof BtfType.Composite) {
                return true;
            }
            if (!sameKind(a, b)) {
                return false;
            }
            switch (a) {
                case BtfType.Ptr p -> {
                    return true;
                }
                case BtfType.Float f -> {
                    return true;
                }
                case BtfType.Fwd f -> {
                    return namesAgree(a, b);
                }
                case BtfType.Enum e -> {
                    return namesAgree(a, b);
                }
                case BtfType.Int integer -> {
                    return integer.offset() == 0 && ((BtfType.Int) b).offset() == 0;
                }
                case BtfType.Array array -> {
                    localAt = array.elementTypeId();
                    targetAt = ((BtfType.Array) b).elementTypeId();
                }
                default -> {
                    return false;
                }
            }
        }
        throw tooDeep();
    }

    private static boolean namesAgree(BtfType a, BtfType b) {
        String localName = essentialName(a.name());
        String targetName = essentialName(b.name());
        return localName.isEmpty() || targetName.isEmpty() || localName.equals(targetName);
    }

    /** Returns true if a type of the target is compatible with the program's type of that name. */
    boolean compatible(int localId, int targetId) throws CoreException {
        return sameKind(local.type(localId), target.type(targetId)) && compatible(localId, targetId, MAX_DEPTH);
    }

    private boolean compatible(int localId, int targetId, int level) throws CoreException {
        int localAt = localId;
        int targetAt = targetId;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            budget.spend();
            BtfType a = local.resolved(localAt);
            BtfType b = target.resolved(targetAt);
            if (!sameKind(a, b)) {
                return false;
            }
            switch (a) {
                case BtfType.Int integer -> {
                    return integer.offset() == 0 && ((BtfType.Int) b).offset() == 0;
                }
                case BtfType.Ptr pointer -> {
                    localAt = pointer.typeId();
                    targetAt = ((BtfType.Ptr) b).typeId();
                }
                case BtfType.Array array -> {
                    localAt = array.elementTypeId();
                    targetAt = ((BtfType.Array) b).elementTypeId();
                }
                case BtfType.FuncProto proto -> {
                    if (!paramsCompatible(proto, (BtfType.FuncProto) b, level)) {
                        return false;
                    }
                    localAt = proto.returnTypeId();
                    targetAt = ((BtfType.FuncProto) b).returnTypeId();
                }
                case BtfType.Void v -> {
                    return true;
                }
                case BtfType.Composite c -> {
                    return true;
                }
                case BtfType.Enum e -> {
                    return true;
                }
                case BtfType.Fwd f -> {
                    return true;
                }
                default -> {
                    return false;
                }
            }
        }
        throw tooDeep();
    }

    private boolean paramsCompatible(BtfType.FuncProto a, BtfType.FuncProto b, int level) throws CoreException {
        if (a.params().size() != b.params().size()) {
            return false;
        }
        for (int i = 0; i < a.params().size(); i++) {
            if (level <= 0) {
                throw tooDeep();
            }
            if (!compatible(a.params().get(i).typeId(), b.params().get(i).typeId(), level - 1)) {
                return false;
            }
        }
        return true;
    }

    /** Returns true if a type of the target has all that the program's type has. */
    boolean matches(int localId, int targetId) throws CoreException {
        return matches(localId, targetId, false, MAX_DEPTH);
    }

    private boolean matches(int localId, int targetId, boolean pointedTo, int level) throws CoreException {
        if (level <= 0) {
            throw tooDeep();
        }
        int localAt = localId;
        int targetAt = targetId;
        boolean behindPointer = pointedTo;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            budget.spend();
            BtfType a = local.resolved(localAt);
            BtfType b = target.resolved(targetAt);
            if (!essentialName(a.name()).equals(essentialName(b.name()))) {
                return false;
            }
            switch (a) {
                case BtfType.Ptr pointer
                when b instanceof BtfType.Ptr other -> {
                    behindPointer = true;
                    localAt = pointer.typeId();
                    targetAt = other.typeId();
                }
                case BtfType.Array array
                when b instanceof BtfType.Array other -> {
                    if (array.count() != other.count()) {
                        return false;
                    }
                    localAt = array.elementTypeId();
                    targetAt = other.elementTypeId();
                }
                case BtfType.FuncProto proto
                when b instanceof BtfType.FuncProto other -> {
                    if (!paramsMatch(proto, other, behindPointer, level)) {
                        return false;
                    }
                    localAt = proto.returnTypeId();
                    targetAt = other.returnTypeId();
                }
                default -> {
                    return leavesMatch(a, b, behindPointer, level);
                }
            }
        }
        throw tooDeep();
    }

    private boolean paramsMatch(BtfType.FuncProto a, BtfType.FuncProto b, boolean behindPointer, int level)
            throws CoreException {
        if (a.params().size() != b.params().size()) {
            return false;
        }
        for (int i = 0; i < a.params().size(); i++) {
            if (!matches(a.params().get(i).typeId(), b.params().get(i).typeId(), behindPointer, level - 1)) {
                return false;
            }
        }
        return true;
    }

    private boolean leavesMatch(BtfType a, BtfType b, boolean behindPointer, int level) throws CoreException {
        return switch (a) {
            case BtfType.Void v -> b instanceof BtfType.Void;
            case BtfType.Fwd forward ->
                b instanceof BtfType.Fwd other && other.isUnion() == forward.isUnion()
                        || behindPointer && b instanceof BtfType.Composite full && full.isUnion() == forward.isUnion();
            case BtfType.Enum e -> b instanceof BtfType.Enum other && valuesMatch(e, other);
            case BtfType.Composite composite
            when behindPointer ->
                sameKind(a, b) || b instanceof BtfType.Fwd forward && forward.isUnion() == composite.isUnion();
            case BtfType.Composite composite -> sameKind(a, b) && membersMatch(composite, (BtfType.Composite) b, level);
            case BtfType.Int integer ->
                b instanceof BtfType.Int other
                        && other.sizeBytes() == integer.sizeBytes()
                        && other.signed() == integer.signed();
            default -> false;
        };
    }

    private boolean valuesMatch(BtfType.Enum a, BtfType.Enum b) throws CoreException {
        if (a.sizeBytes() != b.sizeBytes() || a.values().size() > b.values().size()) {
            return false;
        }
        for (BtfType.EnumValue value : a.values()) {
            boolean found = false;
            for (BtfType.EnumValue other : b.values()) {
                budget.spend();
                found |= essentialName(value.name()).equals(essentialName(other.name()));
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private boolean membersMatch(BtfType.Composite a, BtfType.Composite b, int level) throws CoreException {
        if (a.members().size() > b.members().size()) {
            return false;
        }
        for (BtfType.Member member : a.members()) {
            if (!memberMatches(member, b.members(), level)) {
                return false;
            }
        }
        return true;
    }

    private boolean memberMatches(BtfType.Member member, List<BtfType.Member> others, int level) throws CoreException {
        String name = essentialName(member.name());
        for (BtfType.Member other : others) {
            budget.spend();
            if (name.equals(essentialName(other.name()))
                    && matches(member.typeId(), other.typeId(), false, level - 1)) {
                return true;
            }
        }
        return false;
    }

    private static CoreException tooDeep() {
        return new CoreException("types are nested too deeply to compare");
    }
}
