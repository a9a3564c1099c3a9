package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;

/** Accesses to objects that BTF describes: the kernel's, and those that programs allocate. */
final class BtfAccess {
    private BtfAccess() {}

    /**
     * Refuses an access that is not safe; a load sets the register to what is known of the field.
     *
     * @param valueRegno register that is loaded or stored, -1 if there is none
     */
    static void check(Exploration path, RegState reg, String name, int off, int size, AccessType type, int valueRegno) {
        Btf btf = reg.btfRef().btf();
        String typeName = btf.type(reg.btfRef().typeId()).name();
        boolean kernel = isKernel(path, btf);
        if (kernel && !path.unit().object().isGplCompatible()) {
            throw path.reject(Errno.EINVAL, Message.KERNEL_STRUCT_NEEDS_GPL, typeName);
        }
        long at = checkOffset(path, reg, name, off, typeName);
        boolean mayFault = reg.hasFlag(TypeFlags.PTR_UNTRUSTED)
                        && path.unit().kernel().has(KernelRule.UNTRUSTED_POINTERS_ARE_READ_ONLY)
                || reg.flags() == 0 && path.unit().kernel().has(KernelRule.FAULTING_POINTERS_ARE_READ_ONLY);
        if (type == AccessType.WRITE && mayFault) {
            throw path.reject(Errno.EACCES, Message.BTF_ONLY_READ);
        }
        if (type == AccessType.WRITE && !reg.isAllocatedObject()) {
            KernelWrites.check(path, reg, name, kernel, at, size);
            return;
        }
        boolean given = reg.hasFlag(TypeFlags.MEM_RCU) || path.state().hasReference(reg.id());
        boolean isReadOnly = mayFault && path.unit().kernel().has(KernelRule.FAULTING_POINTERS_ARE_READ_ONLY);
        if (reg.hasFlag(TypeFlags.MEM_ALLOC) && !reg.isNonOwningRef() && !given && !isReadOnly) {
            throw path.reject(Errno.EFAULT, Message.OBJECT_WITHOUT_REFERENCE);
        }
        if (kernel
                && btf != path.unit().kernelTypes()
                && hasNoMembers(btf, reg.btfRef().typeId())) {
            boolean known = type == AccessType.READ && OwnTypes.haveScalar(path, typeName, at, size);
            if (known && valueRegno >= 0) {
                path.setReg(valueRegno, RegState.UNKNOWN);
            }
            if (known) {
                return;
            }
            throw new UnsupportedFeature("an access to struct " + typeName + " without kernel types is not supported");
        }
        checkSpecialFields(path, reg, at, size);
        boolean allocated = reg.hasFlag(TypeFlags.MEM_ALLOC);
        boolean flexible = !allocated || !path.unit().kernel().has(KernelRule.ALLOCATIONS_END_WITH_THEIR_STRUCT);
        BtfWalk.Found found = new BtfWalk(path, btf, flexible).find(reg.btfRef().typeId(), at, size);
        if (type == AccessType.READ && valueRegno >= 0) {
            path.setReg(valueRegno, loaded(path, reg, found, allocated));
        }
    }

    /** True if these are the kernel's types, not the object's own. */
    static boolean isKernel(Exploration path, Btf btf) {
        return btf != path.unit().btf();
    }

    private static boolean hasNoMembers(Btf btf, int typeId) {
        return !(btf.type(typeId) instanceof BtfType.Composite struct)
                || struct.members().isEmpty();
    }

    private static long checkOffset(Exploration path, RegState reg, String name, int off, String typeName) {
        if (!reg.isConst()) {
            throw path.reject(
                    Errno.EACCES,
                    Message.BTF_PTR_VARIABLE_OFFSET,
                    name,
                    typeName,
                    off,
                    reg.value().varOff());
        }
        long at = off + reg.constValue();
        if (at < 0) {
            throw path.reject(Errno.EACCES, Message.BTF_PTR_NEGATIVE_ACCESS, name, typeName, at);
        }
        if (reg.hasFlag(TypeFlags.MEM_USER)) {
            throw path.reject(Errno.EACCES, Message.BTF_PTR_USER_MEMORY, name, typeName, at);
        }
        if (reg.hasFlag(TypeFlags.MEM_PERCPU)) {
            throw path.reject(Errno.EACCES, Message.BTF_PTR_PERCPU_MEMORY, name, typeName, at);
        }
        return at;
    }

    private static void checkSpecialFields(Exploration path, RegState reg, long off, int size) {
        if (!reg.hasFlag(TypeFlags.MEM_ALLOC)) {
            return;
        }
        for (BtfField field : path.unit().structRecord(reg.btfRef()).fields()) {
            if (off < field.end() && field.offset() < off + size) {
                throw path.reject(
                        Errno.EACCES, Message.DIRECT_ACCESS_DISALLOWED, MapAccess.fieldTypeName(field.kind()));
            }
        }
    }

    private static RegState loaded(Exploration path, RegState reg, BtfWalk.Found found, boolean allocated) {
        return switch (found) {
            case BtfWalk.Found.Scalar scalar -> RegState.UNKNOWN;
            case BtfWalk.Found.UntrustedMemory memory ->
                RegState.mem(0, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
            case BtfWalk.Found.Pointer pointer -> {
                if (allocated) {
                    yield RegState.UNKNOWN;
                }
                int flags = trust(path, reg, pointer);
                RegState result = RegState.btfId(reg.btfRef().btf(), pointer.typeId(), flags);
                yield result.mayBeNull() ? result.withId(path.newId()) : result;
            }
        };
    }

    /** The flags of a pointer that was read from a member of the object. */
    private static int trust(Exploration path, RegState reg, BtfWalk.Found.Pointer pointer) {
        int flags = pointer.flags();
        if (reg.hasFlag(TypeFlags.PTR_UNTRUSTED)) {
            return TypeFlags.PTR_UNTRUSTED;
        }
        if (!Registers.isTrusted(path, reg) && !reg.hasFlag(TypeFlags.MEM_RCU)) {
            return withoutTrust(flags);
        }
        if (isListed(reg, pointer, "__safe_trusted")) {
            return flags | TypeFlags.PTR_TRUSTED;
        }
        if (isListed(reg, pointer, "__safe_trusted_or_null")) {
            return flags | TypeFlags.PTR_TRUSTED | TypeFlags.PTR_MAYBE_NULL;
        }
        if (!CriticalSections.inRcuSection(path) || reg.mayBeNull()) {
            return TypeFlags.PTR_UNTRUSTED;
        }
        if (isListed(reg, pointer, "__safe_rcu")) {
            return flags | TypeFlags.MEM_RCU;
        }
        boolean rcuOrNull = isListed(reg, pointer, "__safe_rcu_or_null");
        if ((flags & TypeFlags.MEM_RCU) != 0 || rcuOrNull) {
            int result = flags | TypeFlags.MEM_RCU | TypeFlags.PTR_MAYBE_NULL;
            return rcuOrNull ? result & ~TypeFlags.PTR_UNTRUSTED : result;
        }
        boolean perCpuOrUser = (flags & (TypeFlags.MEM_PERCPU | TypeFlags.MEM_USER)) != 0;
        return perCpuOrUser ? flags : withoutTrust(flags);
    }

    private static int withoutTrust(int flags) {
        return flags & ~(TypeFlags.REG_TRUSTED_MODIFIERS | TypeFlags.MEM_RCU);
    }

    /** True if the kernel lists the member as trusted: its types say so by a struct {@code <name><suffix>}. */
    private static boolean isListed(RegState reg, BtfWalk.Found.Pointer pointer, String suffix) {
        Btf btf = reg.btfRef().btf();
        int id = btf.find(btf.type(reg.btfRef().typeId()).name() + suffix, BtfType.Composite.class);
        if (id == 0 || !(btf.type(id) instanceof BtfType.Composite safe)) {
            return false;
        }
        for (BtfType.Member member : safe.members()) {
            if (member.name().equals(pointer.field())
                    && btf.type(member.typeId()) instanceof BtfType.Ptr ptr
                    && btf.resolve(ptr.typeId()) == pointer.typeId()) {
                return true;
            }
        }
        return false;
    }

    /** A load from a map pointer itself: from the kernel's struct that stands for the map. */
    static void checkMapPointer(Exploration path, Access access) {
        Btf btf = path.unit().kernelTypes();
        String structName = mapStruct(path, access.reg());
        int id = btf.find(structName, BtfType.Composite.class);
        if (id == 0) {
            throw new UnsupportedFeature(
                    "an access to struct " + structName + " without kernel types is not supported");
        }
        if (access.off() < 0) {
            throw path.reject(Errno.EACCES, Message.MAP_PTR_NEGATIVE_ACCESS, access.name(), structName, access.off());
        }
        if (access.type() != AccessType.READ) {
            throw path.reject(Errno.EACCES, Message.MAP_PTR_ONLY_READ, structName);
        }
        BtfWalk.Found found = new BtfWalk(path, btf, true).find(id, access.off(), access.size());
        if (access.valueRegno() >= 0) {
            RegState loaded =
                    switch (found) {
                        case BtfWalk.Found.Scalar scalar -> RegState.UNKNOWN;
                        case BtfWalk.Found.UntrustedMemory memory ->
                            RegState.mem(0, TypeFlags.MEM_RDONLY | TypeFlags.PTR_UNTRUSTED);
                        case BtfWalk.Found.Pointer pointer -> RegState.btfId(btf, pointer.typeId(), pointer.flags());
                    };
            path.setReg(access.valueRegno(), loaded.mayBeNull() ? loaded.withId(path.newId()) : loaded);
        }
    }

    private static String mapStruct(Exploration path, RegState reg) {
        RegPayload.MapRef ref = (RegPayload.MapRef) reg.payload();
        return path.unit().kernel().mapTypes().kernelStruct(ref.map().type());
    }
}
