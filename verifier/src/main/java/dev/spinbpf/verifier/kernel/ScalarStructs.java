package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;

/** Structs of which all members are scalars, arrays of them, or such structs. */
public final class ScalarStructs {
    private static final int MAX_NESTING = 3;

    private ScalarStructs() {}

    public static boolean isScalar(Btf btf, int typeId, int depth) {
        if (!(btf.resolved(typeId) instanceof BtfType.Composite struct)) {
            return false;
        }
        for (BtfType.Member member : struct.members()) {
            BtfType type = btf.resolved(member.typeId());
            if (type instanceof BtfType.Composite) {
                if (depth >= MAX_NESTING || !isScalar(btf, member.typeId(), depth + 1)) {
                    return false;
                }
                continue;
            }
            if (type instanceof BtfType.Array array) {
                if (array.count() == 0) {
                    return false;
                }
                type = btf.resolved(array.elementTypeId());
            }
            if (!(type instanceof BtfType.Int) && !(type instanceof BtfType.Enum)) {
                return false;
            }
        }
        return true;
    }
}
