package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits.Trait;
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

    private static void mustBeReferenced(VerifierEnv env, RegState reg) {
        if (!env.state().hasReference(reg.id())) {
            throw env.reject(Errno.EINVAL, "allocated object must be referenced");
        }
    }

    private static boolean isAllocated(RegState reg) {
        return reg.is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC);
    }

    /** An object that is given back to the allocator. */
    static void allocated(VerifierEnv env, RegState reg, String name, KfuncMeta meta) {
        if (isAllocated(reg)) {
            if (meta.kfunc.has(Trait.PERCPU)) {
                throw env.reject(Errno.EINVAL, "%s expected for bpf_obj_drop()", name);
            }
        } else if (reg.is(RegType.PTR_TO_BTF_ID, TypeFlags.MEM_ALLOC | TypeFlags.MEM_PERCPU)) {
            if (!meta.kfunc.has(Trait.PERCPU)) {
                throw env.reject(Errno.EINVAL, "%s expected for bpf_percpu_obj_drop()", name);
            }
        } else {
            throw env.reject(Errno.EINVAL, "%s expected pointer to allocated object", name);
        }
        mustBeReferenced(env, reg);
        meta.argType = reg.btfRef();
    }

    static void root(VerifierEnv env, RegState reg, String name, KfuncMeta meta, BtfField.Kind kind) {
        if (!reg.is(RegType.PTR_TO_MAP_VALUE, 0) && !isAllocated(reg)) {
            throw env.reject(Errno.EINVAL, "%s expected pointer to map value or allocated object", name);
        }
        if (isAllocated(reg)) {
            mustBeReferenced(env, reg);
        }
        meta.root = ListsAndTrees.root(env, reg, name, kind);
    }

    static void listNode(VerifierEnv env, RegState reg, String name, KfuncMeta meta, boolean nonOwningAllowed) {
        boolean nonOwning =
                nonOwningAllowed && reg.isNonOwningRef() && !env.state().hasReference(reg.id());
        if (!nonOwning) {
            if (!isAllocated(reg)) {
                throw env.reject(Errno.EINVAL, "%s expected pointer to allocated object", name);
            }
            mustBeReferenced(env, reg);
        }
        node(env, reg, name, meta, BtfField.Kind.BPF_LIST_NODE);
    }

    private static void node(VerifierEnv env, RegState reg, String name, KfuncMeta meta, BtfField.Kind kind) {
        ListsAndTrees.node(env, reg, name, Objects.requireNonNull(meta.root), kind);
        meta.argType = reg.btfRef();
    }

    static void rbNode(VerifierEnv env, RegState reg, String name, KfuncMeta meta) {
        if (meta.kfunc.has(Trait.RBTREE_ADD)) {
            if (!isAllocated(reg)) {
                throw env.reject(Errno.EINVAL, "%s expected pointer to allocated object", name);
            }
            mustBeReferenced(env, reg);
        } else {
            if (!reg.isNonOwningRef() && !env.state().hasReference(reg.id())) {
                throw env.reject(
                        Errno.EINVAL,
                        "%s can only take non-owning or refcounted bpf_rb_node pointer",
                        meta.kfunc.name());
            }
            if (KfuncCalls.inRbtreeCallback(env)) {
                throw env.reject(Errno.EINVAL, "%s not allowed in rbtree cb", meta.kfunc.name());
            }
        }
        node(env, reg, name, meta, BtfField.Kind.BPF_RB_NODE);
    }

    static void refcounted(VerifierEnv env, RegState reg, String name, KfuncMeta meta) {
        if (!reg.isAllocatedObject()) {
            throw env.reject(Errno.EINVAL, "%s is neither owning or non-owning ref", name);
        }
        if (!reg.isNonOwningRef() && env.state().hasReference(reg.id())) {
            meta.owningRef = true;
        }
        BtfRecord record = SpecialFields.of(env, reg);
        if (!SpecialFields.has(record, BtfField.Kind.BPF_REFCOUNT)) {
            throw env.reject(Errno.EINVAL, "%s doesn't point to a type with bpf_refcount field", name);
        }
        meta.argType = reg.btfRef();
    }

    /** An object of the kernel's. */
    static void object(VerifierEnv env, RegState reg, String name, KfuncMeta meta, KernelType type) {
        RegPayload.BtfRef passed = typeOf(env, reg);
        boolean unsafe = (reg.flags() & ~TypeFlags.REG_TRUSTED_MODIFIERS) != 0;
        if (reg.is(RegType.PTR_TO_BTF_ID) && unsafe && !reg.hasFlag(TypeFlags.MEM_RCU)) {
            throw env.reject(
                    Errno.EINVAL,
                    "%s is %s expected %s or socket",
                    name,
                    reg.typeText(),
                    reg.type().display(reg.flags() & TypeFlags.REG_TRUSTED_MODIFIERS));
        }
        String wantedName = type.pointee().name();
        RegPayload.BtfRef wanted = StructMatch.kernel(env, wantedName);
        if (wanted == null) {
            throw new UnsupportedFeature("kernel struct " + wantedName + " is not supported");
        }
        String passedName = StructMatch.name(passed);
        boolean strict = meta.kfunc.has(Kfunc.Flag.RELEASE) && env.state().hasReference(reg.id())
                || isNoCastAlias(passedName, wantedName);
        boolean projection = env.kernel().programTypes().isProjection(wantedName, passedName);
        if (!projection && !StructMatch.matches(env, passed, reg.constValue(), wanted, strict)) {
            throw env.reject(
                    Errno.EINVAL,
                    "kernel function %s %s expected pointer to %s but %s has a pointer to STRUCT %s",
                    meta.kfunc.name(),
                    name,
                    type.pointee().display(),
                    name,
                    passedName);
        }
    }

    /** Types of which one begins with the other but must not stand for it: {@code x} and {@code x___init}. */
    private static boolean isNoCastAlias(String a, String b) {
        return a.equals(b + "___init") || b.equals(a + "___init");
    }

    private static RegPayload.BtfRef typeOf(VerifierEnv env, RegState reg) {
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
        RegPayload.BtfRef type = StructMatch.kernel(env, struct);
        if (type == null) {
            throw new UnsupportedFeature("kernel struct " + struct + " is not supported");
        }
        return type;
    }
}
