package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds for the CO-RE relocations of an object what they are in another set of types, usually a kernel's ("compile
 * once, run everywhere"), by libbpf's rules.
 *
 * <p>Candidates for a type are all types of the target of the same kind and the same name without flavor. Each is
 * searched for the path that the relocation names: by names of fields, through anonymous structs and unions, with the
 * same indices of arrays. Several candidates may match as long as they agree in the result.
 *
 * <p>Against the object's own types each type stands for itself.
 *
 * @see <a href="https://docs.kernel.org/bpf/llvm_reloc.html">BPF LLVM Relocations, CO-RE Relocations</a>
 */
public final class CoreResolver {
    /** The cost of keeping a candidate in steps: it takes memory, too. */
    private static final int CANDIDATE_STEPS = 8;

    private final Btf local;
    private final Btf target;
    private final CoreBudget budget = new CoreBudget();
    private final CoreTypes compare;
    private final Map<Integer, List<Integer>> candidates = new HashMap<>();
    private final Map<Key, CoreResult> results = new HashMap<>();
    private @Nullable Map<String, List<Integer>> flavoredByName;

    private record Key(int typeId, String access, int kind) {}

    /**
     * @param local types of the object
     * @param target types to find; {@link Btf#EMPTY} for the object's own
     */
    public CoreResolver(Btf local, Btf target) {
        this.local = local;
        this.target = target == Btf.EMPTY ? local : target;
        this.compare = new CoreTypes(local, this.target, budget);
    }

    /**
     * Returns true if a type of the target may stand for one of the program: a prototype for a prototype, parameter by parameter.
     *
     * @throws CoreException if the types are too deep
     */
    public boolean areCompatible(int localId, int targetId) throws CoreException {
        return compare.compatible(localId, targetId);
    }

    /**
     * Resolves a relocation.
     *
     * @throws CoreException if it is malformed or ambiguous; that something does not exist is a result
     */
    public CoreResult resolve(BtfExt.CoreRelo relo) throws CoreException {
        Key key = new Key(relo.typeId(), relo.access(), relo.kind());
        CoreResult known = results.get(key);
        if (known == null) {
            known = compute(relo);
            results.put(key, known);
        }
        return known;
    }

    private CoreResult compute(BtfExt.CoreRelo relo) throws CoreException {
        CoreSpec spec = CoreSpec.parse(local, relo);
        if (spec.kind == CoreKind.TYPE_ID_LOCAL) {
            return new CoreResult("", false, false, spec.rootId, spec.rootId, false, 0, 0);
        }
        if (local.type(spec.rootId).name().isEmpty()) {
            throw new CoreException("<" + spec.kind.display() + "> (" + spec.kind.ordinal()
                    + ") relocation doesn't support anonymous types");
        }
        CoreResult first = null;
        long firstOffset = 0;
        List<Integer> matching = new ArrayList<>();
        for (int id : candidatesFor(spec.rootId)) {
            budget.spend();
            CoreSpec found = match(spec, id);
            if (found == null) {
                continue;
            }
            matching.add(id);
            CoreResult result = CoreValues.of(spec, found);
            if (first == null) {
                first = result;
                firstOffset = found.bitOffset;
            } else if (found.bitOffset != firstOffset) {
                throw new CoreException("field offset ambiguity: " + found.bitOffset + " != " + firstOffset);
            } else if (result.poison() != first.poison() || result.newValue() != first.newValue()) {
                throw new CoreException(
                        "relocation decision ambiguity: " + decision(result) + " != " + decision(first));
            }
        }
        if (first == null) {
            return CoreValues.of(spec, null);
        }
        candidates.put(spec.rootId, matching);
        return first;
    }

    private static String decision(CoreResult result) {
        return (result.poison() ? "failure " : "success ") + Long.toUnsignedString(result.newValue());
    }

    private List<Integer> candidatesFor(int localId) throws CoreException {
        List<Integer> known = candidates.get(localId);
        if (known != null) {
            return known;
        }
        List<Integer> found = new ArrayList<>();
        if (target == local) {
            found.add(localId);
        } else {
            BtfType wanted = local.type(localId);
            String name = essential(wanted.name());
            for (int id : targetTypesNamed(name)) {
                budget.spend(CANDIDATE_STEPS);
                if (CoreTypes.sameKind(wanted, target.type(id))) {
                    found.add(id);
                }
            }
        }
        candidates.put(localId, found);
        return found;
    }

    /** All types of the target with this name and any flavor, or none; ascending. */
    private List<Integer> targetTypesNamed(String name) {
        Map<String, List<Integer>> flavored = flavoredByName;
        if (flavored == null) {
            flavored = new HashMap<>();
            for (int id : target.flavored()) {
                String full = target.type(id).name();
                if (Btf.essentialNameLength(full) < full.length()) {
                    flavored.computeIfAbsent(essential(full), key -> new ArrayList<>())
                            .add(id);
                }
            }
            flavoredByName = flavored;
        }
        List<Integer> found = new ArrayList<>(flavored.getOrDefault(name, List.of()));
        if (Btf.essentialNameLength(name) == name.length()) {
            found.addAll(target.findAll(name));
        }
        Collections.sort(found);
        return found;
    }

    /** The path in a candidate that corresponds to the local one, or null. */
    private @Nullable CoreSpec match(CoreSpec spec, int targetId) throws CoreException {
        CoreSpec found = new CoreSpec(target, spec.kind, targetId);
        boolean matches =
                switch (spec.kind.subject()) {
                    case TYPE ->
                        spec.kind == CoreKind.TYPE_MATCHES
                                ? compare.matches(spec.rootId, targetId)
                                : compare.compatible(spec.rootId, targetId);
                    case ENUM_VALUE -> matchValue(spec, found);
                    case FIELD -> matchPath(spec, found);
                };
        return matches ? found : null;
    }

    private boolean matchValue(CoreSpec spec, CoreSpec found) throws CoreException {
        int id = target.resolve(found.rootId);
        if (!(target.type(id) instanceof BtfType.Enum type)) {
            return false;
        }
        String name = essential(Objects.requireNonNull(spec.accessors.getFirst().name()));
        for (int i = 0; i < type.values().size(); i++) {
            budget.spend();
            String other = type.values().get(i).name();
            if (essential(other).equals(name)) {
                found.accessors.add(new CoreSpec.Accessor(id, i, other));
                found.raw.add(i);
                return true;
            }
        }
        return false;
    }

    private static String essential(String name) {
        return name.substring(0, Btf.essentialNameLength(name));
    }

    private boolean matchPath(CoreSpec spec, CoreSpec found) throws CoreException {
        int id = found.rootId;
        for (int i = 0; i < spec.accessors.size(); i++) {
            CoreSpec.Accessor accessor = spec.accessors.get(i);
            id = target.resolve(id);
            if (accessor.name() != null) {
                id = matchMember(accessor, id, found);
            } else {
                id = matchElement(accessor, i == 0, id, found);
            }
            if (id < 0) {
                return false;
            }
        }
        return true;
    }

    /** Takes the step of an array index, or of a pointer's at the start of the path; -1 if there is no such element. */
    private int matchElement(CoreSpec.Accessor accessor, boolean isFirst, int targetId, CoreSpec found)
            throws CoreException {
        int id = targetId;
        if (!isFirst) {
            if (!(target.type(id) instanceof BtfType.Array array)) {
                return -1;
            }
            if (accessor.index() >= array.count() && !found.endsInFlexibleArray(array)) {
                return -1;
            }
            id = target.resolve(array.elementTypeId());
        }
        requireShort(found);
        found.accessors.add(new CoreSpec.Accessor(id, accessor.index(), null));
        found.raw.add(accessor.index());
        long size = target.sizeOf(id);
        if (size < 0) {
            throw new CoreException("error matching candidate " + found + ": type [" + id + "] has no size");
        }
        found.bitOffset += accessor.index() * size * Byte.SIZE;
        return id;
    }

    private static void requireShort(CoreSpec found) throws CoreException {
        if (found.raw.size() >= CoreSpec.MAX_LENGTH) {
            throw new CoreException("error matching candidate " + found + ": nested too deeply");
        }
    }

    /** Finds the field by name, anonymous members included; its type, or -1 if there is none that is compatible. */
    private int matchMember(CoreSpec.Accessor accessor, int targetId, CoreSpec found) throws CoreException {
        int id = target.resolve(targetId);
        if (!(target.type(id) instanceof BtfType.Composite composite)) {
            return -1;
        }
        BtfType.Composite localType = (BtfType.Composite) local.type(accessor.typeId());
        BtfType.Member wanted = localType.members().get(accessor.index());
        for (int i = 0; i < composite.members().size(); i++) {
            budget.spend();
            BtfType.Member member = composite.members().get(i);
            requireShort(found);
            found.bitOffset += member.bitOffset();
            found.raw.add(i);
            if (member.name().isEmpty()) {
                int inner = matchMember(accessor, member.typeId(), found);
                if (inner >= 0) {
                    return inner;
                }
            } else if (member.name().equals(wanted.name())) {
                found.accessors.add(new CoreSpec.Accessor(id, i, member.name()));
                if (compare.fieldsCompatible(wanted.typeId(), member.typeId())) {
                    return member.typeId();
                }
                found.accessors.removeLast();
                return -1;
            }
            found.bitOffset -= member.bitOffset();
            found.raw.removeLast();
        }
        return -1;
    }
}
