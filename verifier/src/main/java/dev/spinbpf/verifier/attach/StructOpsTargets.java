package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.AttachTarget;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.StructOps;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Structs of functions that programs implement for the kernel: Linux's {@code check_struct_ops_btf_id}. */
final class StructOpsTargets {
    private static final String VALUE_PREFIX = "bpf_struct_ops_";

    private StructOpsTargets() {}

    static AttachTarget resolve(ProgramUnit unit, VerifierLog log) {
        if (!unit.object().isGplCompatible()) {
            throw log.reject(Errno.EINVAL, Message.STRUCT_OPS_NEEDS_GPL);
        }
        if (!AttachTargets.hasTypes(unit)) {
            throw new UnsupportedFeature("program type struct_ops is not supported without the kernel's types");
        }
        Btf btf = unit.kernelTypes();
        String struct = unit.program().structName();
        if (struct.isEmpty()) {
            throw log.reject(
                    Errno.EINVAL,
                    Message.STRUCT_OPS_UNREFERENCED,
                    unit.program().name());
        }
        int id = btf.find(struct, BtfType.Composite.class);
        if (id == 0 || btf.find(VALUE_PREFIX + struct, BtfType.Composite.class) == 0) {
            throw log.reject(Errno.ESRCH, Message.STRUCT_OPS_NOT_IN_KERNEL_BTF, VALUE_PREFIX + struct);
        }
        StructOps.Rules rules = unit.kernel().structOps().rules(struct);
        String member = unit.program().memberName();
        BtfType.FuncProto proto = prototype(btf, (BtfType.Composite) btf.type(id), member);
        if (proto == null) {
            throw log.reject(Errno.EINVAL, Message.STRUCT_OPS_INVALID_MEMBER, member, struct);
        }
        checkMember(unit, log, struct, member, rules);
        List<AttachTarget.Argument> arguments = arguments(unit, log, rules.stubs(), member, proto);
        return new AttachTarget(btf, member, proto, false, arguments);
    }

    private static void checkMember(
            ProgramUnit unit, VerifierLog log, String struct, String member, StructOps.Rules rules) {
        if (!rules.members().contains(member)) {
            throw log.reject(Errno.ENOTSUPP, Message.STRUCT_OPS_UNSUPPORTED_MEMBER, member, struct);
        }
        if (unit.program().sleepable() && !rules.sleepable().contains(member)) {
            throw log.reject(Errno.EINVAL, Message.STRUCT_OPS_UNSUPPORTED_MEMBER, member, struct);
        }
    }

    private static BtfType.@Nullable FuncProto prototype(Btf btf, BtfType.Composite struct, String name) {
        for (BtfType.Member member : struct.members()) {
            if (member.name().equals(name)
                    && btf.resolved(member.typeId()) instanceof BtfType.Ptr pointer
                    && btf.resolved(pointer.typeId()) instanceof BtfType.FuncProto proto) {
                return proto;
            }
        }
        return null;
    }

    /** Returns what the names of the parameters of the kernel's own do-nothing function say. */
    private static List<AttachTarget.Argument> arguments(
            ProgramUnit unit, VerifierLog log, List<String> structs, String member, BtfType.FuncProto proto) {
        Btf btf = unit.kernelTypes();
        BtfType.FuncProto stub = stub(btf, structs, member);
        if (stub == null || stub.params().size() != proto.params().size()) {
            return List.of();
        }
        List<AttachTarget.Argument> arguments = new ArrayList<>();
        int off = 0;
        for (int i = 0; i < proto.params().size(); i++) {
            int typeId = proto.params().get(i).typeId();
            String name = stub.params().get(i).name();
            if (btf.resolved(typeId) instanceof BtfType.Ptr pointer) {
                int object = btf.resolve(pointer.typeId());
                if (name.endsWith("__arena") || name.endsWith("__arena__nullable")) {
                    RegState reg = RegState.pointer(RegType.PTR_TO_ARENA, 0, RegPayload.NONE);
                    arguments.add(new AttachTarget.Argument(off, reg));
                } else if (name.endsWith("__nullable")) {
                    int flags = TypeFlags.PTR_TRUSTED | TypeFlags.PTR_MAYBE_NULL;
                    arguments.add(new AttachTarget.Argument(off, RegState.btfId(btf, object, flags)));
                } else if (name.endsWith("__ref")) {
                    refuseTailCalls(unit, log);
                    RegState reg = RegState.btfId(btf, object, TypeFlags.PTR_TRUSTED);
                    arguments.add(new AttachTarget.Argument(off, reg, true));
                }
            }
            off += AttachTarget.slotBytes(btf, typeId);
        }
        return List.copyOf(arguments);
    }

    private static BtfType.@Nullable FuncProto stub(Btf btf, List<String> structs, String member) {
        for (String struct : structs) {
            int id = btf.find(struct + "__" + member, BtfType.Func.class);
            if (id != 0
                    && btf.type(id) instanceof BtfType.Func func
                    && btf.type(func.protoTypeId()) instanceof BtfType.FuncProto proto) {
                return proto;
            }
        }
        return null;
    }

    private static void refuseTailCalls(ProgramUnit unit, VerifierLog log) {
        for (SubprogInfo subprog : unit.subprogs()) {
            if (subprog.hasTailCall) {
                throw log.reject(Errno.EINVAL, Message.REF_ARGUMENT_CANNOT_TAIL_CALL);
            }
        }
    }

    /** Returns what a load from the context gives, beyond what prototypes say. */
    static @Nullable RegState context(ProgramUnit unit, VerifierLog log, int off, int size, boolean write) {
        String struct = unit.program().structName();
        if (struct.equals(StructOps.QDISC_OPS)
                && unit.program().memberName().equals("enqueue")
                && off / Long.BYTES == 2
                && !write) {
            Btf btf = unit.kernelTypes();
            return RegState.btfId(btf, btf.find("bpf_sk_buff_ptr", BtfType.Composite.class), TypeFlags.PTR_TRUSTED);
        }
        RegState loaded = TracedContext.check(unit, log, off, size, write);
        if (loaded == null || !loaded.is(RegType.PTR_TO_BTF_ID) || !struct.equals(StructOps.TCP_CONGESTION_OPS)) {
            return loaded;
        }
        // All sockets that congestion control sees are TCP's.
        Btf btf = loaded.btfRef().btf();
        boolean safe = (loaded.flags() & ~TypeFlags.REG_TRUSTED_MODIFIERS) == 0;
        return safe && loaded.btfRef().typeId() == btf.find("sock", BtfType.Composite.class)
                ? loaded.withPayload(new RegPayload.BtfRef(btf, btf.find("tcp_sock", BtfType.Composite.class)))
                : loaded;
    }
}
