package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.flow.Exploration;

/**
 * A struct of the kernel, where the kernel's types are not at hand. Relocations were made
 * against the object's types then, so that a member lies where they say. They tell numbers from pointers; what a pointer is good for,
 * the kernel alone knows.
 */
final class OwnTypes {
    private static final String FLAVOR = "___";

    private OwnTypes() {}

    /** True if one of the object's structs of that name, flavors included, has a number in these bytes. */
    static boolean haveScalar(Exploration path, String struct, long off, int size) {
        Btf btf = path.unit().btf();
        for (int id = 1; id < btf.size(); id++) {
            if (btf.type(id) instanceof BtfType.Composite own
                    && isNamed(own.name(), struct)
                    && isScalar(btf, own, off, size)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNamed(String own, String struct) {
        int flavor = own.indexOf(FLAVOR);
        return own.equals(struct) || flavor > 0 && own.substring(0, flavor).equals(struct);
    }

    private static boolean isScalar(Btf btf, BtfType.Composite struct, long off, int size) {
        for (BtfType.Member member : struct.members()) {
            long start = member.bitOffset() / Byte.SIZE;
            long end = member.bitSize() == 0
                    ? start + btf.sizeOf(member.typeId())
                    : (member.bitOffset() + member.bitSize() + Byte.SIZE - 1) / Byte.SIZE;
            boolean isBitField = member.bitSize() != 0;
            if (isBitField && off <= start && end <= off + size) {
                return true;
            }
            if (!isBitField && start <= off && off + size <= end && isScalar(btf, member.typeId(), off - start, size)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isScalar(Btf btf, int typeId, long off, int size) {
        return switch (btf.resolved(typeId)) {
            case BtfType.Int _, BtfType.Enum _ -> true;
            case BtfType.Composite inner -> isScalar(btf, inner, off, size);
            case BtfType.Array array -> {
                long element = btf.sizeOf(array.elementTypeId());
                yield element > 0
                        && off % element + size <= element
                        && isScalar(btf, array.elementTypeId(), off % element, size);
            }
            default -> false;
        };
    }
}
