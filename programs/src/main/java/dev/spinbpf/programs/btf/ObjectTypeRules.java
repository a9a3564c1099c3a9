package dev.spinbpf.programs.btf;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The rules by which Linux takes an object's types or refuses them all ({@code btf_parse_struct_metas} and what is checked after it). Types with wrong
 * special fields are refused, all of an object's at once; loaders then go on without types.
 */
public final class ObjectTypeRules {
    private static final int MAX_OWNERSHIP_DEPTH = 8;

    private final Btf btf;
    private final Btf kernelTypes;
    private final Predicate<String> destructible;
    private final Map<Integer, BtfRecord> records = new HashMap<>();
    private final Map<Integer, Integer> depths = new HashMap<>();

    private ObjectTypeRules(Btf btf, Btf kernelTypes, Predicate<String> destructible) {
        this.btf = btf;
        this.kernelTypes = kernelTypes;
        this.destructible = destructible;
    }

    /**
     * Returns why Linux does not take the types, in its log's words where it writes any; empty if it takes them.
     *
     * @param kernelTypes the kernel's own types; {@link Btf#EMPTY}: what they alone decide counts as right
     * @param destructible tells the structs of the kernel that know how to give up a reference, so that a map may keep one
     */
    public static String problem(Btf btf, Btf kernelTypes, Predicate<String> destructible) {
        boolean isSound = btf.problem().isEmpty();
        return isSound && hasSpecial(btf)
                ? new ObjectTypeRules(btf, kernelTypes, destructible).specialProblem()
                : btf.problem();
    }

    private static boolean hasSpecial(Btf btf) {
        for (BtfField.Kind kind : BtfRecord.ALLOCATED_OBJECT_KINDS) {
            if (!btf.findAll(kind.typeName()).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private String specialProblem() {
        for (int id = 1; id < btf.size(); id++) {
            if (!StructRecords.isSought(btf, id)) {
                continue;
            }
            BtfRecord record = StructRecords.of(btf, id);
            if (record.errno() != 0 || record.isEmpty()) {
                return "struct " + btf.type(id).name() + " has a special field that is not allowed there";
            }
            for (BtfField field : record.fields()) {
                if (!isOfRightType(field)) {
                    return "struct " + btf.type(id).name() + " has a "
                            + field.kind().typeName() + " of "
                            + btf.type(field.typeId()).name() + ", which cannot be kept there";
                }
            }
            records.put(id, record);
        }
        for (int id : records.keySet()) {
            if (ownershipDepth(id, MAX_OWNERSHIP_DEPTH) == 0) {
                return "struct " + btf.type(id).name() + " owns objects nested more than " + MAX_OWNERSHIP_DEPTH
                        + " deep";
            }
        }
        return "";
    }

    private boolean isOfRightType(BtfField field) {
        return switch (field.kind()) {
            case BPF_KPTR_REF -> isDestructible(btf.type(field.typeId()).name());
            case BPF_LIST_HEAD, BPF_RB_ROOT -> StructRecords.isSought(btf, field.typeId());
            default -> true;
        };
    }

    private boolean isDestructible(String struct) {
        return destructible.test(struct) || !isOfKernel(struct);
    }

    private boolean isOfKernel(String struct) {
        return kernelTypes.findAll(struct).stream()
                .anyMatch(id -> kernelTypes.type(id) instanceof BtfType.Composite found && !found.isUnion());
    }

    /** Number of objects, one within the other, that the struct may own, itself included; 0 if that is more than allowed. */
    private int ownershipDepth(int structId, int allowed) {
        if (allowed == 0) {
            return 0;
        }
        Integer known = depths.get(structId);
        int deepest = known == null ? 0 : known - 1;
        if (known == null) {
            for (BtfField field :
                    records.getOrDefault(structId, BtfRecord.EMPTY).fields()) {
                if (!owns(field)) {
                    continue;
                }
                int below = ownershipDepth(field.typeId(), allowed - 1);
                if (below == 0) {
                    return 0;
                }
                deepest = Math.max(deepest, below);
            }
            depths.put(structId, deepest + 1);
        }
        return deepest + 1 > allowed ? 0 : deepest + 1;
    }

    private boolean owns(BtfField field) {
        return switch (field.kind()) {
            case BPF_LIST_HEAD, BPF_RB_ROOT -> true;
            case BPF_KPTR_REF, BPF_KPTR_PERCPU ->
                records.containsKey(field.typeId())
                        && !isOfKernel(btf.type(field.typeId()).name());
            default -> false;
        };
    }
}
