package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;

/**
 * The prototypes of a function and of what replaces it.
 *
 * <p>What must hold: both are global; they have as many arguments, of the same kind and size, and a result of the same kind. A number's
 * sign does not matter. Pointers are to structs of the same name: others are told apart by nobody.
 *
 * @param own the types of what replaces
 * @param other the types of what is replaced
 */
record PrototypeComparison(VerifierLog log, Btf own, Btf other) {

    void check(int ownId, int otherId) {
        if (!(own.type(ownId) instanceof BtfType.Func replacing) || ownId == 0) {
            throw log.reject(Errno.EINVAL, Message.REPLACEMENT_WITHOUT_TYPES);
        }
        BtfType.Func replaced = (BtfType.Func) other.type(otherId);
        requireGlobal(replacing);
        requireGlobal(replaced);
        BtfType.FuncProto proto = AttachTargets.protoOf(own, ownId);
        BtfType.FuncProto expected = AttachTargets.protoOf(other, otherId);
        String name = replacing.name();
        String target = replaced.name();
        int count = proto.params().size();
        if (count != expected.params().size()) {
            throw log.reject(
                    Errno.EINVAL,
                    Message.REPLACEMENT_ARG_COUNT,
                    name,
                    count,
                    target,
                    expected.params().size());
        }
        BtfType result = own.resolved(proto.returnTypeId());
        BtfType wanted = other.resolved(expected.returnTypeId());
        if (!isSameShape(result, wanted)) {
            throw log.reject(
                    Errno.EINVAL,
                    Message.REPLACEMENT_RETURN_TYPE,
                    AttachTargets.kindName(result),
                    name,
                    AttachTargets.kindName(wanted),
                    target);
        }
        for (int i = 0; i < count; i++) {
            BtfType type = own.resolved(proto.params().get(i).typeId());
            BtfType needed = other.resolved(expected.params().get(i).typeId());
            checkArgument(i, name, type, target, needed);
        }
    }

    private void requireGlobal(BtfType.Func function) {
        if (function.linkage() != BtfType.Linkage.GLOBAL) {
            throw log.reject(Errno.EINVAL, Message.REPLACEMENT_NOT_GLOBAL, function.name());
        }
    }

    private void checkArgument(int number, String name, BtfType type, String target, BtfType needed) {
        if (!isSameShape(type, needed)) {
            throw log.reject(
                    Errno.EINVAL,
                    Message.REPLACEMENT_ARG_KIND,
                    number,
                    name,
                    AttachTargets.kindName(type),
                    target,
                    AttachTargets.kindName(needed));
        }
        if (AttachTargets.size(type) != AttachTargets.size(needed)) {
            throw log.reject(
                    Errno.EINVAL,
                    Message.REPLACEMENT_ARG_SIZE,
                    number,
                    name,
                    AttachTargets.size(type),
                    target,
                    AttachTargets.size(needed));
        }
        if (type instanceof BtfType.Ptr pointer && needed instanceof BtfType.Ptr neededPointer) {
            String struct = structName(own, pointer, number, name);
            String neededStruct = structName(other, neededPointer, number, target);
            if (!struct.equals(neededStruct)) {
                throw log.reject(
                        Errno.EINVAL, Message.REPLACEMENT_ARG_STRUCT, number, name, struct, target, neededStruct);
            }
        }
    }

    private String structName(Btf btf, BtfType.Ptr pointer, int number, String function) {
        if (btf.resolved(pointer.typeId()) instanceof BtfType.Composite struct) {
            return struct.name();
        }
        throw log.reject(Errno.EINVAL, Message.REPLACEMENT_ARG_NOT_CONTEXT, number, function);
    }

    private static boolean isSameShape(BtfType one, BtfType two) {
        if (!AttachTargets.kindName(one).equals(AttachTargets.kindName(two))) {
            return false;
        }
        return switch (one) {
            case BtfType.Enum values ->
                two instanceof BtfType.Enum others
                        && values.signed() == others.signed()
                        && values.values().size() == others.values().size();
            default -> true;
        };
    }
}
