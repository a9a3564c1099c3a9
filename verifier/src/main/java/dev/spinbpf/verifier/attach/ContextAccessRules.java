package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.ContextAccess;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Contexts;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/**
 * Accesses to the context of programs of all kinds.
 *
 * <p>Most contexts are structs of which the table of contexts lists the fields. Those of programs on the kernel's own functions
 * are the functions' arguments, so that prototypes say what they hold; that of system calls is memory.
 */
public final class ContextAccessRules implements ContextAccess {
    private static final int MAX_SYSCALL_BYTES = 0xffff;

    @Override
    public boolean allowsFixedOffset(Exploration path) {
        return path.unit()
                .kernel()
                .programTypes()
                .mayMoveContext(path.unit().program().type());
    }

    @Override
    public @Nullable RegState check(Exploration path, int off, int size, boolean write, boolean signExtend) {
        Program program = path.unit().program();
        return switch (program.type()) {
            case TRACING -> TracedContext.check(path.unit(), path.log(), off, size, write);
            case LSM -> TracedContext.argument(path.unit(), path.log(), off, size);
            case STRUCT_OPS -> StructOpsTargets.context(path.unit(), path.log(), off, size, write);
            case SYSCALL -> off >= 0 && off < MAX_SYSCALL_BYTES ? RegState.UNKNOWN : null;
            case EXT -> {
                if (!TracedContext.isWithin(off, size, write)) {
                    yield null;
                }
                throw new UnsupportedFeature("context of programs of type "
                        + program.type().display() + " (" + program.section() + ") is not supported");
            }
            default -> {
                Contexts.Field field = path.unit().kernel().contexts().find(program, off, size, write);
                boolean wrongLoad = field != null && signExtend && field.gives() != Contexts.Gives.NUMBER;
                yield field == null || wrongLoad ? null : loaded(path, field);
            }
        };
    }

    private static RegState loaded(Exploration path, Contexts.Field field) {
        return switch (field.gives()) {
            case NUMBER -> RegState.UNKNOWN;
            case PACKET -> RegState.pointer(RegType.PTR_TO_PACKET, 0, new RegPayload.PacketRange(0));
            case PACKET_META -> RegState.pointer(RegType.PTR_TO_PACKET_META, 0, new RegPayload.PacketRange(0));
            case PACKET_END -> pointer(RegType.PTR_TO_PACKET_END, 0);
            case FLOW_KEYS -> pointer(RegType.PTR_TO_FLOW_KEYS, 0);
            case SOCKET -> pointer(RegType.PTR_TO_SOCKET, 0);
            case SOCKET_OR_NULL -> pointer(RegType.PTR_TO_SOCKET, TypeFlags.PTR_MAYBE_NULL);
            case SOCK_COMMON_OR_NULL -> pointer(RegType.PTR_TO_SOCK_COMMON, TypeFlags.PTR_MAYBE_NULL);
            case TP_BUFFER -> pointer(RegType.PTR_TO_TP_BUFFER, 0);
            case STRUCT -> kernelObject(path, field.givenStruct());
        };
    }

    private static RegState pointer(RegType type, int flags) {
        return RegState.pointer(type, flags, RegPayload.NONE);
    }

    private static RegState kernelObject(Exploration path, String struct) {
        Btf btf = path.unit().kernelTypes();
        int id = btf.find(struct, BtfType.Composite.class);
        if (id == 0) {
            throw new UnsupportedFeature("struct " + struct + " in the context of programs of type "
                    + path.unit().program().type().display() + " is not supported without the kernel's types");
        }
        return RegState.btfId(btf, id, TypeFlags.PTR_TRUSTED);
    }
}
