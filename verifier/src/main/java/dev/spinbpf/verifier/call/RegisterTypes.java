package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.call.CompatibleTypes.Typed;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.object.Kptrs;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Checks that a register's type fits an argument: Linux's {@code check_reg_type}. */
final class RegisterTypes {
    private RegisterTypes() {}

    /**
     * Refuses a register that does not fit.
     *
     * @param regno number of the register
     * @param wanted the kernel's type that an object must have, or null if the argument has none of its own
     */
    static void check(
            Exploration path, RegState reg, int regno, ArgType type, RegPayload.BtfRef wanted, HelperMeta meta) {
        String name = Registers.name(regno);
        int flags = foldedFlags(reg, regno, type, meta);
        List<Typed> compatible = CompatibleTypes.of(path.unit().kernel(), type.kind());
        if (compatible.stream().noneMatch(typed -> typed.is(reg, flags))) {
            throw path.reject(
                    Errno.EACCES,
                    Message.REG_TYPE_UNEXPECTED,
                    name,
                    reg.typeText(),
                    compatible.stream().map(Typed::display).collect(Collectors.joining(", ")));
        }
        if (!reg.is(RegType.PTR_TO_BTF_ID)) {
            return;
        }
        if (CompatibleTypes.isMemory(type.kind())) {
            if (!type.has(TypeFlags.MEM_RDONLY)) {
                throw path.reject(Errno.EACCES, Message.HELPER_MAY_WRITE_RDONLY, meta.name, name, reg.typeText());
            }
            return;
        }
        checkObject(path, reg, regno, type, wanted, meta);
    }

    private static int foldedFlags(RegState reg, int regno, ArgType type, HelperMeta meta) {
        int flags = reg.flags();
        if (type.has(TypeFlags.MEM_RDONLY)) {
            flags &= ~TypeFlags.MEM_RDONLY;
        }
        if (type.mayBeNull()) {
            flags &= ~TypeFlags.PTR_MAYBE_NULL;
        }
        if (type.kind() == ArgKind.PTR_TO_MEM) {
            flags &= ~TypeFlags.DYNPTR_TYPE_MASK;
        }
        if (meta.has(Trait.EXCHANGES_KPTR) && regno == 2 && (flags & TypeFlags.MEM_ALLOC) != 0) {
            flags &= ~(TypeFlags.MEM_ALLOC | TypeFlags.MEM_PERCPU);
        }
        return flags;
    }

    private static void checkObject(
            Exploration path, RegState reg, int regno, ArgType type, RegPayload.BtfRef wanted, HelperMeta meta) {
        if (reg.hasFlag(TypeFlags.MEM_ALLOC)) {
            if (meta.has(Trait.EXCHANGES_KPTR) && regno == 2) {
                Kptrs.checkType(
                        path,
                        Objects.requireNonNull(meta.kptrField),
                        path.unit().btf(),
                        reg,
                        regno);
            }
            return;
        }
        if (reg.hasFlag(TypeFlags.MEM_PERCPU)) {
            return;
        }
        String name = Registers.name(regno);
        if (reg.mayBeNull() && (!type.mayBeNull() || type.isRelease())) {
            throw path.reject(Errno.EACCES, Message.POSSIBLY_NULL_TO_HELPER, name);
        }
        if (meta.has(Trait.EXCHANGES_KPTR)) {
            Kptrs.checkType(
                    path, Objects.requireNonNull(meta.kptrField), path.unit().btf(), reg, regno);
            return;
        }
        boolean strict = type.isRelease() && !meta.has(Trait.RELEASES_ANY_SOCKET);
        Registers.checkPointerOffset(path, reg, name, true);
        if (!StructMatch.matches(path, reg.btfRef(), reg.constValue(), wanted, strict)) {
            throw path.reject(
                    Errno.EACCES,
                    Message.STRUCT_TYPE_UNEXPECTED,
                    name,
                    StructMatch.name(reg.btfRef()),
                    StructMatch.name(wanted));
        }
    }
}
