package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import org.jspecify.annotations.Nullable;

/** Compares structs: a pointer to one may stand for a pointer to what it begins with. */
public final class StructMatch {
    private static final int MAX_DEPTH = 32;

    private StructMatch() {}

    /** Name of the type, {@code (anon)} if it has none. */
    public static String name(RegPayload.BtfRef type) {
        String name = type.btf().type(type.typeId()).name();
        return name.isEmpty() ? "(anon)" : name;
    }

    /**
     * True if an object of the first type has one of the second at the offset.
     *
     * @param strict whether only the object itself counts, not what it begins with
     */
    public static boolean matches(
            Exploration path, RegPayload.BtfRef type, long off, RegPayload.BtfRef wanted, boolean strict) {
        if (off == 0 && type.equals(wanted)) {
            return true;
        }
        if (strict || type.btf() != wanted.btf()) {
            return false;
        }
        if (path.unit().kernel().structs().isOpaque(type.btf())) {
            if (off != 0) {
                throw new UnsupportedFeature(
                        "pointer into kernel struct " + name(type) + " is not supported without kernel types");
            }
            return path.unit().kernel().structs().beginsWith(name(type), name(wanted));
        }
        return hasAt(type.btf(), type.typeId(), off, wanted.typeId(), 0);
    }

    private static boolean hasAt(Btf btf, int typeId, long off, int wanted, int depth) {
        if (depth > MAX_DEPTH || !(btf.resolved(typeId) instanceof BtfType.Composite struct)) {
            return false;
        }
        for (BtfType.Member member : struct.members()) {
            long start = member.bitOffset() / Byte.SIZE;
            long size = btf.sizeOf(member.typeId());
            if (member.bitSize() != 0 || off < start || off >= start + size) {
                continue;
            }
            int id = elementOf(btf, member.typeId());
            if (!(btf.type(id) instanceof BtfType.Composite)) {
                continue;
            }
            long elementSize = btf.sizeOf(id);
            long inner = elementSize > 0 ? (off - start) % elementSize : 0;
            if (id == wanted || hasAt(btf, id, inner, wanted, depth + 1)) {
                return id == wanted ? inner == 0 || hasAt(btf, id, inner, wanted, depth + 1) : true;
            }
        }
        return false;
    }

    private static int elementOf(Btf btf, int typeId) {
        int id = btf.resolve(typeId);
        for (int i = 0; i < MAX_DEPTH && btf.type(id) instanceof BtfType.Array array; i++) {
            id = btf.resolve(array.elementTypeId());
        }
        return id;
    }

    /**
     * Returns the kernel's struct of that name.
     *
     * @throws UnsupportedFeature if it is not known
     */
    public static RegPayload.BtfRef require(Exploration path, String name) {
        RegPayload.BtfRef type = kernel(path, name);
        if (type == null) {
            throw new UnsupportedFeature("kernel struct " + name + " is not supported");
        }
        return type;
    }

    /** The kernel's struct of that name. */
    public static RegPayload.@Nullable BtfRef kernel(Exploration path, String name) {
        Btf btf = path.unit().kernel().structs().typesOr(path.unit().kernelTypes());
        int id = btf.find(name, BtfType.Composite.class);
        return id == 0 ? null : new RegPayload.BtfRef(btf, id);
    }
}
