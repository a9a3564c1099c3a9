package dev.spinbpf.verifier.call;

import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The types of registers that fit each kind of argument. */
final class CompatibleTypes {
    /** A register's type with flags. */
    record Typed(RegType type, int flags) {
        boolean is(RegState reg, int foldedFlags) {
            return reg.type() == type && foldedFlags == flags;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Typed typed && type == typed.type && flags == typed.flags;
        }

        @Override
        public int hashCode() {
            return type.hashCode() * 31 + flags;
        }

        String display() {
            return type.display(flags);
        }
    }

    /** All kinds of memory; the context is the last, as some kernels do not take it. */
    private static final List<Typed> MEMORY = List.of(
            plain(RegType.PTR_TO_STACK),
            plain(RegType.PTR_TO_PACKET),
            plain(RegType.PTR_TO_PACKET_META),
            plain(RegType.PTR_TO_MAP_KEY),
            plain(RegType.PTR_TO_MAP_VALUE),
            plain(RegType.PTR_TO_MEM),
            new Typed(RegType.PTR_TO_MEM, TypeFlags.MEM_RINGBUF),
            plain(RegType.PTR_TO_BUF),
            new Typed(RegType.PTR_TO_BTF_ID, TypeFlags.PTR_TRUSTED),
            plain(RegType.PTR_TO_CTX));

    private static final List<Typed> SOCKETS = List.of(
            plain(RegType.PTR_TO_SOCK_COMMON),
            plain(RegType.PTR_TO_SOCKET),
            plain(RegType.PTR_TO_TCP_SOCK),
            plain(RegType.PTR_TO_XDP_SOCK));

    private static final List<Typed> BTF_SOCKETS = List.of(
            plain(RegType.PTR_TO_SOCK_COMMON),
            plain(RegType.PTR_TO_SOCKET),
            plain(RegType.PTR_TO_TCP_SOCK),
            plain(RegType.PTR_TO_XDP_SOCK),
            plain(RegType.PTR_TO_BTF_ID),
            new Typed(RegType.PTR_TO_BTF_ID, TypeFlags.PTR_TRUSTED));

    /** The number of types that a kptr may be exchanged in and that are not borrowed: the first ones. */
    private static final int OWNED_DESTINATIONS = 2;

    private static final Map<ArgKind, List<Typed>> BY_KIND = byKind();

    private CompatibleTypes() {}

    /** The types that fit, in the order in which messages list them. */
    static List<Typed> of(Kernel kernel, ArgKind kind) {
        List<Typed> types = Objects.requireNonNull(BY_KIND.get(kind), kind.name());
        if (isMemory(kind) && !kernel.has(KernelRule.CONTEXT_IS_MEMORY)) {
            return MEMORY.subList(0, MEMORY.size() - 1);
        }
        return kind == ArgKind.KPTR_XCHG_DEST && !kernel.has(KernelRule.KPTRS_OF_BORROWED_OBJECTS)
                ? types.subList(0, OWNED_DESTINATIONS)
                : types;
    }

    /** Returns true if any memory fits. */
    static boolean isMemory(ArgKind kind) {
        return MEMORY.equals(BY_KIND.get(kind));
    }

    private static Typed plain(RegType type) {
        return new Typed(type, 0);
    }

    private static Typed object(int flags) {
        return new Typed(RegType.PTR_TO_BTF_ID, flags);
    }

    private static Map<ArgKind, List<Typed>> byKind() {
        Map<ArgKind, List<Typed>> types = new EnumMap<>(ArgKind.class);
        List<Typed> scalar = List.of(plain(RegType.SCALAR_VALUE));
        List<Typed> mapValue = List.of(plain(RegType.PTR_TO_MAP_VALUE));
        types.put(ArgKind.PTR_TO_MAP_KEY, MEMORY);
        types.put(ArgKind.PTR_TO_MAP_VALUE, MEMORY);
        types.put(ArgKind.PTR_TO_MEM, MEMORY);
        types.put(ArgKind.CONST_SIZE, scalar);
        types.put(ArgKind.CONST_SIZE_OR_ZERO, scalar);
        types.put(ArgKind.CONST_ALLOC_SIZE_OR_ZERO, scalar);
        types.put(ArgKind.SCALAR, scalar);
        types.put(ArgKind.CONST_MAP_PTR, List.of(plain(RegType.CONST_PTR_TO_MAP)));
        types.put(ArgKind.PTR_TO_CTX, List.of(plain(RegType.PTR_TO_CTX)));
        types.put(ArgKind.PTR_TO_SOCK_COMMON, SOCKETS);
        types.put(ArgKind.PTR_TO_BTF_ID_SOCK_COMMON, BTF_SOCKETS);
        types.put(ArgKind.PTR_TO_SOCKET, List.of(plain(RegType.PTR_TO_SOCKET)));
        types.put(ArgKind.PTR_TO_BTF_ID, List.of(object(0), object(TypeFlags.PTR_TRUSTED), object(TypeFlags.MEM_RCU)));
        types.put(ArgKind.PTR_TO_SPIN_LOCK, List.of(plain(RegType.PTR_TO_MAP_VALUE), object(TypeFlags.MEM_ALLOC)));
        types.put(ArgKind.PTR_TO_RINGBUF_MEM, List.of(new Typed(RegType.PTR_TO_MEM, TypeFlags.MEM_RINGBUF)));
        types.put(
                ArgKind.PTR_TO_PERCPU_BTF_ID,
                List.of(
                        object(TypeFlags.MEM_PERCPU),
                        object(TypeFlags.MEM_PERCPU | TypeFlags.MEM_RCU),
                        object(TypeFlags.MEM_PERCPU | TypeFlags.PTR_TRUSTED)));
        types.put(ArgKind.PTR_TO_FUNC, List.of(plain(RegType.PTR_TO_FUNC)));
        types.put(ArgKind.PTR_TO_STACK, List.of(plain(RegType.PTR_TO_STACK)));
        types.put(ArgKind.PTR_TO_CONST_STR, mapValue);
        types.put(ArgKind.PTR_TO_TIMER, mapValue);
        types.put(
                ArgKind.KPTR_XCHG_DEST,
                List.of(
                        plain(RegType.PTR_TO_MAP_VALUE),
                        object(TypeFlags.MEM_ALLOC),
                        object(TypeFlags.MEM_ALLOC | TypeFlags.NON_OWN_REF),
                        object(TypeFlags.MEM_ALLOC | TypeFlags.NON_OWN_REF | TypeFlags.MEM_RCU)));
        types.put(ArgKind.PTR_TO_DYNPTR, List.of(plain(RegType.PTR_TO_STACK), plain(RegType.CONST_PTR_TO_DYNPTR)));
        return types;
    }
}
