package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Objects;

/** Arguments of kernel functions that point to objects. */
final class KfuncObjects {
    private KfuncObjects() {}

    private static void mustBeReferenced(Exploration path, RegState reg) {
        if (!path.state().hasReference(reg.id())) {
            throw new IllegalStateException("an allocated object without a reference: " + reg);
        }
    }

    private static boolean isAllocated(RegState reg) {
        return reg.is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC);
    }

    /** An object that is returned to the allocator. */
    static void allocated(Exploration path, RegState reg, String name, KfuncMeta meta) {
        if (isAllocated(reg)) {
            if (meta.kfunc.has(Trait.PERCPU)) {
                throw path.reject(Errno.EINVAL, Message.OBJ_DROP_ARG_EXPECTED, name);
            }
        } else if (reg.is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC | TypeFlags.MEM_PERCPU)) {
            if (!meta.kfunc.has(Trait.PERCPU)) {
                throw path.reject(Errno.EINVAL, Message.PERCPU_OBJ_DROP_ARG_EXPECTED, name);
            }
        } else {
            throw path.reject(Errno.EINVAL, Message.ALLOCATED_OBJECT_EXPECTED, name);
        }
        mustBeReferenced(path, reg);
        meta.argType = reg.btfRef();
    }

    static void root(Exploration path, RegState reg, String name, KfuncMeta meta, BtfField.Kind kind) {
        if (!reg.is(RegType.PTR_TO_MAP_VALUE, 0) && !isAllocated(reg)) {
            throw path.reject(Errno.EINVAL, Message.MAP_VALUE_OR_OBJECT_EXPECTED, name);
        }
        if (isAllocated(reg)) {
            mustBeReferenced(path, reg);
        }
        meta.root = ListsAndTrees.root(path, reg, name, kind);
    }

    static void listNode(Exploration path, RegState reg, String name, KfuncMeta meta, boolean nonOwningAllowed) {
        boolean nonOwning =
                nonOwningAllowed && reg.isNonOwningRef() && !path.state().hasReference(reg.id());
        if (!nonOwning) {
            if (!isAllocated(reg)) {
                throw path.reject(Errno.EINVAL, Message.ALLOCATED_OBJECT_EXPECTED, name);
            }
            mustBeReferenced(path, reg);
        }
        node(path, reg, name, meta, BtfField.Kind.BPF_LIST_NODE);
    }

    private static void node(Exploration path, RegState reg, String name, KfuncMeta meta, BtfField.Kind kind) {
        ListsAndTrees.node(path, reg, name, Objects.requireNonNull(meta.root), kind);
        meta.argType = reg.btfRef();
    }

    static void rbNode(Exploration path, RegState reg, String name, KfuncMeta meta) {
        if (meta.kfunc.has(Trait.RBTREE_ADD)) {
            if (!isAllocated(reg)) {
                throw path.reject(Errno.EINVAL, Message.ALLOCATED_OBJECT_EXPECTED, name);
            }
            mustBeReferenced(path, reg);
        } else {
            if (!reg.isNonOwningRef() && !path.state().hasReference(reg.id())) {
                throw path.reject(Errno.EINVAL, Message.RB_NODE_OWNING, meta.kfunc.name());
            }
            if (KfuncCalls.inRbtreeCallback(path)) {
                throw path.reject(Errno.EINVAL, Message.NOT_ALLOWED_IN_RBTREE_CB, meta.kfunc.name());
            }
        }
        node(path, reg, name, meta, BtfField.Kind.BPF_RB_NODE);
    }

    static void refcounted(Exploration path, RegState reg, String name, KfuncMeta meta) {
        if (!reg.isAllocatedObject()) {
            throw path.reject(Errno.EINVAL, Message.NOT_AN_OWNED_OBJECT, name);
        }
        if (!reg.isNonOwningRef() && path.state().hasReference(reg.id())) {
            meta.owningRef = true;
        }
        BtfRecord record = SpecialFields.of(path, reg);
        if (!SpecialFields.has(record, BtfField.Kind.BPF_REFCOUNT)) {
            throw path.reject(Errno.EINVAL, Message.NO_REFCOUNT_FIELD, name);
        }
        meta.argType = reg.btfRef();
    }

    /** A pointer to nothing in particular, where it is an object, is a map. */
    private static String wantedStruct(KernelType type) {
        return type.pointee().isVoid() ? "bpf_map" : type.pointee().name();
    }

    /** An object of the kernel's. */
    static void object(Exploration path, RegState reg, String name, KfuncMeta meta, KernelType type) {
        RegPayload.BtfRef passed = typeOf(path, reg);
        boolean unsafe = (reg.flags() & ~TypeFlags.REG_TRUSTED_MODIFIERS) != 0;
        if (reg.is(RegType.PTR_TO_BTF_ID) && unsafe && !reg.hasFlag(TypeFlags.MEM_RCU)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.TYPE_OR_SOCKET_EXPECTED,
                    name,
                    reg.typeText(),
                    reg.type().display(reg.flags() & TypeFlags.REG_TRUSTED_MODIFIERS));
        }
        String wantedName = wantedStruct(type);
        RegPayload.BtfRef wanted = StructMatch.kernel(path, wantedName);
        if (wanted == null) {
            throw new UnsupportedFeature("kernel struct " + wantedName + " is not supported");
        }
        String passedName = StructMatch.name(passed);
        boolean strict = meta.kfunc.has(Kfunc.Flag.RELEASE) && path.state().hasReference(reg.id())
                || isNoCastAlias(passedName, wantedName);
        boolean projection = path.unit().kernel().programTypes().isProjection(wantedName, passedName);
        if (!projection && !StructMatch.matches(path, passed, reg.constValue(), wanted, strict)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.KFUNC_WRONG_STRUCT,
                    meta.kfunc.name(),
                    name,
                    "STRUCT " + wantedName,
                    name,
                    passedName);
        }
    }

    /** Types of which one begins with the other but must not stand for it: {@code x} and {@code x___init}. */
    private static boolean isNoCastAlias(String a, String b) {
        return a.equals(b + "___init") || b.equals(a + "___init");
    }

    private static RegPayload.BtfRef typeOf(Exploration path, RegState reg) {
        String struct =
                switch (reg.type()) {
                    case PTR_TO_SOCKET -> "sock";
                    case PTR_TO_SOCK_COMMON -> "sock_common";
                    case PTR_TO_TCP_SOCK -> "tcp_sock";
                    case CONST_PTR_TO_MAP -> "bpf_map";
                    default -> null;
                };
        if (struct == null) {
            return reg.btfRef();
        }
        RegPayload.BtfRef type = StructMatch.kernel(path, struct);
        if (type == null) {
            throw new UnsupportedFeature("kernel struct " + struct + " is not supported");
        }
        return type;
    }
}
