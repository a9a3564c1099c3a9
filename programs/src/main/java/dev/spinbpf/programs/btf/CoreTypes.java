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
        if (a instanceof BtfType.Composite composite) {
            return b instanceof BtfType.Composite other && other.isUnion() == composite.isUnion();
        }
        if (a instanceof BtfType.Modifier modifier) {
            return b instanceof BtfType.Modifier other && other.kind() == modifier.kind();
        }
        return a.getClass() == b.getClass();
    }

    private static String essentialName(String name) {
        return name.substring(0, Btf.essentialNameLength(name));
    }

    /** The outcome of comparing two types: an answer, or the next pair to compare. */
    private sealed interface Step {
        Step YES = new Answer(true);
        Step NO = new Answer(false);

        static Step answer(boolean agree) {
            return agree ? YES : NO;
        }
    }

    /** The comparison is over. */
    private record Answer(boolean agree) implements Step {}

    /** Two other types decide, which a pointer leads to or does not. */
    private record Pair(int localId, int targetId, boolean pointedTo) implements Step {}

    /** One of the notions. */
    @FunctionalInterface
    private interface Rule {
        Step compare(BtfType a, BtfType b, boolean pointedTo) throws CoreException;
    }

    /** Goes from pair to pair until a rule has its answer. */
    private boolean decide(Pair start, Rule rule) throws CoreException {
        Pair at = start;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            budget.spend();
            Step step = rule.compare(local.resolved(at.localId), target.resolved(at.targetId), at.pointedTo);
            if (!(step instanceof Pair next)) {
                return ((Answer) step).agree;
            }
            at = next;
        }
        throw tooDeep();
    }

    /** Returns true if the target's field may be read in place of the program's. */
    boolean fieldsCompatible(int localId, int targetId) throws CoreException {
        return decide(new Pair(localId, targetId, false), (a, b, _) -> compareFields(a, b));
    }

    private static Step compareFields(BtfType a, BtfType b) {
        if (a instanceof BtfType.Composite && b instanceof BtfType.Composite) {
            return Step.YES;
        }
        if (!sameKind(a, b)) {
            return Step.NO;
        }
        return switch (a) {
            case BtfType.Ptr _, BtfType.Float _ -> Step.YES;
            case BtfType.Fwd _, BtfType.Enum _ -> Step.answer(namesAgree(a, b));
            case BtfType.Int integer -> Step.answer(areWhole(integer, (BtfType.Int) b));
            case BtfType.Array array -> elements(array, (BtfType.Array) b, false);
            default -> Step.NO;
        };
    }

    private static boolean areWhole(BtfType.Int a, BtfType.Int b) {
        return a.offset() == 0 && b.offset() == 0;
    }

    private static Step elements(BtfType.Array a, BtfType.Array b, boolean pointedTo) {
        return new Pair(a.elementTypeId(), b.elementTypeId(), pointedTo);
    }

    private static Step results(BtfType.FuncProto a, BtfType.FuncProto b, boolean pointedTo) {
        return new Pair(a.returnTypeId(), b.returnTypeId(), pointedTo);
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
        return decide(new Pair(localId, targetId, false), (a, b, _) -> compareTypes(a, b, level));
    }

    private Step compareTypes(BtfType a, BtfType b, int level) throws CoreException {
        if (!sameKind(a, b)) {
            return Step.NO;
        }
        return switch (a) {
            case BtfType.Int integer -> Step.answer(areWhole(integer, (BtfType.Int) b));
            case BtfType.Ptr pointer -> new Pair(pointer.typeId(), ((BtfType.Ptr) b).typeId(), true);
            case BtfType.Array array -> elements(array, (BtfType.Array) b, false);
            case BtfType.FuncProto proto -> {
                var other = (BtfType.FuncProto) b;
                yield paramsCompatible(proto, other, level) ? results(proto, other, false) : Step.NO;
            }
            case BtfType.Void _, BtfType.Composite _, BtfType.Enum _, BtfType.Fwd _ -> Step.YES;
            default -> Step.NO;
        };
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
        return decide(new Pair(localId, targetId, pointedTo), (a, b, pointed) -> compareStrictly(a, b, pointed, level));
    }

    private Step compareStrictly(BtfType a, BtfType b, boolean pointedTo, int level) throws CoreException {
        if (!essentialName(a.name()).equals(essentialName(b.name()))) {
            return Step.NO;
        }
        return switch (a) {
            case BtfType.Ptr pointer
            when b instanceof BtfType.Ptr other -> new Pair(pointer.typeId(), other.typeId(), true);
            case BtfType.Array array
            when b instanceof BtfType.Array other ->
                array.count() == other.count() ? elements(array, other, pointedTo) : Step.NO;
            case BtfType.FuncProto proto
            when b instanceof BtfType.FuncProto other ->
                paramsMatch(proto, other, pointedTo, level) ? results(proto, other, pointedTo) : Step.NO;
            default -> Step.answer(leavesMatch(a, b, pointedTo, level));
        };
    }

    private boolean paramsMatch(BtfType.FuncProto a, BtfType.FuncProto b, boolean pointedTo, int level)
            throws CoreException {
        if (a.params().size() != b.params().size()) {
            return false;
        }
        for (int i = 0; i < a.params().size(); i++) {
            if (!matches(a.params().get(i).typeId(), b.params().get(i).typeId(), pointedTo, level - 1)) {
                return false;
            }
        }
        return true;
    }

    private boolean leavesMatch(BtfType a, BtfType b, boolean pointedTo, int level) throws CoreException {
        return switch (a) {
            case BtfType.Void v -> b instanceof BtfType.Void;
            case BtfType.Fwd forward ->
                b instanceof BtfType.Fwd other && other.isUnion() == forward.isUnion()
                        || pointedTo && b instanceof BtfType.Composite full && full.isUnion() == forward.isUnion();
            case BtfType.Enum e -> b instanceof BtfType.Enum other && valuesMatch(e, other);
            case BtfType.Composite composite
            when pointedTo ->
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
