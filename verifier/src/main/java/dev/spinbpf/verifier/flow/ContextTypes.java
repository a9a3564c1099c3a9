package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.kernel.Message;

/** The C types that a function may declare for the program's context. */
final class ContextTypes {
    private ContextTypes() {}

    private static int skipQualifiers(Btf btf, int typeId) {
        int at = typeId;
        while (btf.type(at) instanceof BtfType.Modifier modifier) {
            at = modifier.typeId();
        }
        return at;
    }

    private static boolean isUserRegs(Btf btf, int typeId) {
        return btf.type(skipQualifiers(btf, typeId)) instanceof BtfType.Typedef typedef
                && typedef.name().equals("bpf_user_pt_regs_t");
    }

    /** Returns whether a pointer to this type is a pointer to the context, by the type alone. */
    static boolean isContext(Exploration path, int targetId) {
        Btf btf = path.unit().btf();
        ProgType type = path.unit().program().type();
        if (type == ProgType.KPROBE && isUserRegs(btf, targetId)) {
            return true;
        }
        return btf.resolved(targetId) instanceof BtfType.Composite struct
                && path.unit().kernel().programTypes().isContext(struct.name(), type);
    }

    /** Refuses a type that an argument tagged as context must not have. */
    static void checkTagged(Exploration path, int targetId, int arg) {
        Btf btf = path.unit().btf();
        ProgType type = path.unit().program().type();
        boolean probes = type == ProgType.KPROBE || type == ProgType.PERF_EVENT;
        if (probes && isUserRegs(btf, targetId)) {
            return;
        }
        BtfType target = btf.resolved(targetId);
        if (target instanceof BtfType.Void) {
            return;
        }
        if (target.name().isEmpty()) {
            throw path.reject(Errno.EINVAL, Message.CTX_ARG_WITHOUT_NAME, arg);
        }
        if (isSpecialCase(path, target)) {
            return;
        }
        String wanted = path.unit().kernel().programTypes().contextStruct(type);
        if (wanted == null) {
            throw path.reject(Errno.EINVAL, Message.CTX_ARG_SHOULD_BE_VOID, arg);
        }
        if (!(target instanceof BtfType.Composite struct)
                || struct.isUnion()
                || !struct.name().equals(wanted)) {
            throw path.reject(Errno.EINVAL, Message.CTX_ARG_SHOULD_BE_STRUCT, arg, wanted);
        }
    }

    private static boolean isSpecialCase(Exploration path, BtfType target) {
        boolean struct = target instanceof BtfType.Composite composite && !composite.isUnion();
        boolean u64 = target instanceof BtfType.Int number && number.sizeBytes() == Long.BYTES;
        return switch (path.unit().program().type()) {
            case KPROBE, PERF_EVENT -> struct && target.name().equals("pt_regs");
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, LSM, STRUCT_OPS -> u64;
            case TRACEPOINT, SYSCALL, EXT -> true;
            case TRACING -> isTracingCase(path.unit().program().attachType(), target, struct, u64);
            default -> false;
        };
    }

    private static boolean isTracingCase(AttachType attach, BtfType target, boolean struct, boolean u64) {
        return switch (attach) {
            case TRACE_RAW_TP -> u64 || (struct && target.name().equals("bpf_raw_tracepoint_args"));
            case TRACE_ITER -> struct && target.name().startsWith("bpf_iter__");
            case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN, TRACE_FSESSION -> u64;
            default -> false;
        };
    }
}
