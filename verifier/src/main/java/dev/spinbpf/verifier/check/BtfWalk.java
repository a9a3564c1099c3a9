package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import org.jspecify.annotations.Nullable;

/**
 * Finds the field of a struct that an access reads or writes.
 *
 * <p>An access is answered by the first member that reaches beyond its first byte. A member that is a struct, or an array of
 * structs, is looked into, at the access's offset within it or within the element; a pointer has to be accessed whole; of
 * numbers any part may be, as long as it does not reach beyond the member. Bit-fields count where the access covers all their
 * bytes. A member of a union may be anything, so that a pointer found within one is not trusted, and beyond the end of a
 * member there the next one may lie.
 */
final class BtfWalk {
    private final Exploration path;
    private final Btf btf;
    private final boolean flexibleArrays;
    private int flags;

    /** @param flexibleArrays allows accesses to an array of no declared length at the end */
    BtfWalk(Exploration path, Btf btf, boolean flexibleArrays) {
        this.path = path;
        this.btf = btf;
        this.flexibleArrays = flexibleArrays;
    }

    /** The result of a walk. */
    sealed interface Found {
        /** A number. */
        record Scalar() implements Found {}

        /** A pointer to something that is no struct. */
        record UntrustedMemory() implements Found {}

        /**
         * A pointer to a struct.
         *
         * @param typeId the struct
         * @param flags type flags that it has by tags and unions on the way
         * @param field name of the member
         */
        record Pointer(int typeId, int flags, String field) implements Found {}
    }

    /** The next step: a result, or the struct to look into next, or a reason to refuse the access. */
    private sealed interface Step {
        record Done(Found found) implements Step {}

        record Into(int typeId, long off) implements Step {}

        record Refused(RuntimeException rejection) implements Step {}
    }

    /** An access within a struct. */
    private record FieldAccess(BtfType.Composite struct, long off, int size) {
        long end() {
            return off + size;
        }

        boolean covers(long first, long end) {
            return off <= first && end <= end();
        }
    }

    /** Refuses an access that no field of the struct answers. */
    Found find(int typeId, long off, int size) {
        Step step = new Step.Into(typeId, off);
        while (true) {
            switch (step) {
                case Step.Into next -> step = into(next, size);
                case Step.Done done -> {
                    return done.found();
                }
                case Step.Refused refused -> throw refused.rejection();
            }
        }
    }

    private Step into(Step.Into place, int size) {
        if (!(btf.resolved(place.typeId()) instanceof BtfType.Composite struct)) {
            throw new UnsupportedFeature("an access to the kernel's type "
                    + btf.type(place.typeId()).name() + ", which is no struct, is not supported");
        }
        if (struct.isUnion() && struct.members().size() != 1) {
            flags |= TypeFlags.PTR_UNTRUSTED;
        }
        FieldAccess access = new FieldAccess(struct, place.off(), size);
        if (access.end() > struct.sizeBytes()) {
            return beyond(access);
        }
        for (BtfType.Member member : struct.members()) {
            long first = member.bitOffset() / Byte.SIZE;
            boolean isBitField = member.bitSize() != 0;
            if (access.end() <= first || !isBitField && access.off() < first) {
                break;
            }
            Step step = isBitField ? bitField(member, access) : member(member, first, access);
            if (step != null) {
                return step;
            }
        }
        return refused(path.reject(Errno.EINVAL, Message.BTF_NO_FIELD_AT_OFFSET, struct.name(), access.off()));
    }

    private static @Nullable Step bitField(BtfType.Member member, FieldAccess access) {
        long first = member.bitOffset() / Byte.SIZE;
        long end = (member.bitOffset() + member.bitSize() + Byte.SIZE - 1) / Byte.SIZE;
        return access.covers(first, end) ? scalar() : null;
    }

    /** The member's answer, or null if it ends before the access begins. */
    private @Nullable Step member(BtfType.Member member, long first, FieldAccess access) {
        long bytes = btf.sizeOf(member.typeId());
        if (bytes < 0) {
            throw new UnsupportedFeature(
                    "the kernel's member " + member.name() + ", which has no size, is not supported");
        }
        long end = first + bytes;
        if (access.off() >= end) {
            return null;
        }
        int typeId = btf.resolve(member.typeId());
        if (!(btf.type(typeId) instanceof BtfType.Array)) {
            return field(member, typeId, first, end, access);
        }
        while (btf.type(typeId) instanceof BtfType.Array array) {
            typeId = btf.resolve(array.elementTypeId());
        }
        long stride = btf.sizeOf(typeId);
        long within = access.off() - first;
        return stride <= 0 ? null : field(member, typeId, first + within / stride * stride, end, access);
    }

    /**
     * The answer of a member, or of the element of an array at the access's offset.
     *
     * @param typeId its type, no array
     * @param first where it begins
     * @param end where the member, with all its elements, ends
     */
    private Step field(BtfType.Member member, int typeId, long first, long end, FieldAccess access) {
        BtfType type = btf.type(typeId);
        if (type instanceof BtfType.Composite) {
            return new Step.Into(typeId, access.off() - first);
        }
        if (type instanceof BtfType.Ptr pointer) {
            boolean whole = access.off() == first && access.size() == btf.sizeOf(typeId);
            return whole ? new Step.Done(target(member, pointer)) : partOfPointer(member, first, access);
        }
        if (access.end() > end && (flags & TypeFlags.PTR_UNTRUSTED) == 0) {
            return refused(path.reject(
                    Errno.EACCES,
                    Message.BTF_ACCESS_BEYOND_MEMBER,
                    member.name(),
                    end,
                    access.struct().name(),
                    access.off(),
                    access.size()));
        }
        return scalar();
    }

    private Step partOfPointer(BtfType.Member member, long first, FieldAccess access) {
        return refused(path.reject(
                Errno.EACCES,
                Message.BTF_PARTIAL_PTR_MEMBER,
                member.name(),
                first,
                access.struct().name(),
                access.off(),
                access.size()));
    }

    private Found target(BtfType.Member member, BtfType.Ptr pointer) {
        int target = btf.resolve(pointer.typeId());
        return btf.type(target) instanceof BtfType.Composite
                ? new Found.Pointer(target, flags | tagFlags(pointer.typeId()), member.name())
                : new Found.UntrustedMemory();
    }

    /** An access that ends beyond the struct, where an array of no declared length may go on. */
    private Step beyond(FieldAccess access) {
        Step step = flexibleArrays ? flexibleArray(access) : null;
        return step != null
                ? step
                : refused(path.reject(
                        Errno.EACCES,
                        Message.BTF_ACCESS_BEYOND_STRUCT,
                        access.struct().name(),
                        access.off(),
                        access.size()));
    }

    private @Nullable Step flexibleArray(FieldAccess access) {
        if (access.struct().members().isEmpty()) {
            return null;
        }
        BtfType.Member last = access.struct().members().getLast();
        long within = access.off() - last.bitOffset() / Byte.SIZE;
        if (within < 0 || !(btf.resolved(last.typeId()) instanceof BtfType.Array array) || array.count() != 0) {
            return null;
        }
        return switch (btf.resolved(array.elementTypeId())) {
            case BtfType.Int _ -> scalar();
            case BtfType.Composite inner
            when inner.sizeBytes() != 0 -> new Step.Into(array.elementTypeId(), within % inner.sizeBytes());
            default -> null;
        };
    }

    private static Step scalar() {
        return new Step.Done(new Found.Scalar());
    }

    private static Step refused(RuntimeException rejection) {
        return new Step.Refused(rejection);
    }

    private int tagFlags(int typeId) {
        int at = typeId;
        int found = 0;
        while (true) {
            switch (btf.type(at)) {
                case BtfType.Modifier modifier -> {
                    if (modifier.kind() == BtfType.ModifierKind.TYPE_TAG) {
                        found |= tagFlag(modifier.name());
                    }
                    at = modifier.typeId();
                }
                case BtfType.Typedef typedef -> at = typedef.typeId();
                default -> {
                    return found;
                }
            }
        }
    }

    private static int tagFlag(String tag) {
        return switch (tag) {
            case "user" -> TypeFlags.MEM_USER;
            case "percpu" -> TypeFlags.MEM_PERCPU;
            case "rcu" -> TypeFlags.MEM_RCU;
            default -> 0;
        };
    }
}
