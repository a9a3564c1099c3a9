package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.TypeFlags;
import org.jspecify.annotations.Nullable;

/** Finds what lies at an offset in a struct: Linux's {@code btf_struct_walk}. */
final class BtfWalk {
    private final VerifierEnv env;
    private final Btf btf;
    private final boolean flexibleArrays;
    private int flags;

    /** @param flexibleArrays whether an array of no declared length at the end may be accessed */
    BtfWalk(VerifierEnv env, Btf btf, boolean flexibleArrays) {
        this.env = env;
        this.btf = btf;
        this.flexibleArrays = flexibleArrays;
    }

    /** What was found. */
    sealed interface Found {
        /** A number. */
        record Scalar() implements Found {}

        /** A pointer to something that is no struct. */
        record UntrustedMemory() implements Found {}

        /**
         * A pointer to a struct.
         *
         * @param typeId the struct
         * @param flags type flags that tags and unions on the way give it
         * @param field name of the member
         */
        record Pointer(int typeId, int flags, String field) implements Found {}
    }

    /** A step: a result, or the struct to look into next and the offset in it. */
    private record Step(@Nullable Found found, int typeId, long off) {
        static Step done(Found found) {
            return new Step(found, 0, 0);
        }
    }

    /** Refuses an access that no field of the struct answers. */
    Found find(int typeId, long off, int size) {
        Step step = new Step(null, typeId, off);
        while (true) {
            step = into(step.typeId(), step.off(), size);
            if (step.found() != null) {
                return step.found();
            }
        }
    }

    private Step into(int typeId, long off, int size) {
        if (!(btf.resolved(typeId) instanceof BtfType.Composite struct)) {
            throw env.reject(
                    Errno.EINVAL, "Type '%s' is not a struct", btf.type(typeId).name());
        }
        if (struct.isUnion() && struct.members().size() != 1) {
            flags |= TypeFlags.PTR_UNTRUSTED;
        }
        if (off + size > struct.sizeBytes()) {
            return beyond(struct, off, size);
        }
        for (BtfType.Member member : struct.members()) {
            long memberOff = member.bitOffset() / 8;
            if (off + size <= memberOff) {
                break;
            }
            if (member.bitSize() != 0) {
                long endByte = (member.bitOffset() + member.bitSize() + 7) / 8;
                if (off <= memberOff && endByte <= off + size) {
                    return Step.done(new Found.Scalar());
                }
                continue;
            }
            if (off < memberOff) {
                break;
            }
            Step step = member(struct, member, memberOff, off, size);
            if (step != null) {
                return step;
            }
        }
        throw env.reject(Errno.EINVAL, "struct %s doesn't have field at offset %d", struct.name(), off);
    }

    private Step beyond(BtfType.Composite struct, long off, int size) {
        if (flexibleArrays && !struct.members().isEmpty()) {
            BtfType.Member last = struct.members().getLast();
            long lastOff = last.bitOffset() / 8;
            if (btf.resolved(last.typeId()) instanceof BtfType.Array array && array.count() == 0 && off >= lastOff) {
                BtfType element = btf.resolved(array.elementTypeId());
                if (element instanceof BtfType.Int) {
                    return Step.done(new Found.Scalar());
                }
                if (element instanceof BtfType.Composite inner && inner.sizeBytes() != 0) {
                    return new Step(null, array.elementTypeId(), (off - lastOff) % inner.sizeBytes());
                }
            }
        }
        throw env.reject(Errno.EACCES, "access beyond struct %s at off %d size %d", struct.name(), off, size);
    }

    private @Nullable Step member(
            BtfType.Composite struct, BtfType.Member member, long declaredOff, long off, int size) {
        long bytes = btf.sizeOf(member.typeId());
        if (bytes < 0) {
            throw env.reject(Errno.EFAULT, "field %s doesn't have size", member.name());
        }
        long end = declaredOff + bytes;
        if (off >= end) {
            return null;
        }
        int typeId = btf.resolve(member.typeId());
        long memberOff = declaredOff;
        boolean isArray = btf.type(typeId) instanceof BtfType.Array;
        while (btf.type(typeId) instanceof BtfType.Array array) {
            typeId = btf.resolve(array.elementTypeId());
        }
        if (isArray) {
            bytes = btf.sizeOf(typeId);
            if (bytes <= 0) {
                return null;
            }
            memberOff += (off - memberOff) / bytes * bytes;
        }
        return switch (btf.type(typeId)) {
            case BtfType.Composite inner -> new Step(null, typeId, off - memberOff);
            case BtfType.Ptr pointer -> Step.done(pointer(struct, member, pointer, memberOff, bytes, off, size));
            default -> {
                if (off + size > end && (flags & TypeFlags.PTR_UNTRUSTED) == 0) {
                    throw env.reject(
                            Errno.EACCES,
                            "access beyond the end of member %s (mend:%d) in struct %s with off %d size %d",
                            member.name(),
                            end,
                            struct.name(),
                            off,
                            size);
                }
                yield Step.done(new Found.Scalar());
            }
        };
    }

    private Found pointer(
            BtfType.Composite struct,
            BtfType.Member member,
            BtfType.Ptr pointer,
            long memberOff,
            long bytes,
            long off,
            int size) {
        if (bytes != size || off != memberOff) {
            throw env.reject(
                    Errno.EACCES,
                    "cannot access ptr member %s with moff %d in struct %s with off %d size %d",
                    member.name(),
                    memberOff,
                    struct.name(),
                    off,
                    size);
        }
        int target = btf.resolve(pointer.typeId());
        if (btf.type(target) instanceof BtfType.Composite) {
            return new Found.Pointer(target, flags | tagFlags(pointer.typeId()), member.name());
        }
        return new Found.UntrustedMemory();
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
