package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** The registers with which callbacks are entered. */
final class Callbacks {
    private static final RetvalRange ZERO_OR_ONE = new RetvalRange(0, 1);

    private Callbacks() {}

    /** {@code long callback(struct bpf_map *map, const void *key, void *value, void *ctx)}. */
    static void mapElement(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        if (!MapRules.supportsForEach(caller.reg(1).map().type())) {
            throw env.reject(Errno.ENOTSUPP, "callback function not allowed for map");
        }
        callee.setReg(1, caller.reg(1));
        keyAndValue(callee, 2, caller.reg(1));
        callee.setReg(4, caller.reg(3));
        sync(callee);
    }

    /** {@code long callback(u64 index, void *ctx)}. */
    static void loop(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        callee.setReg(1, RegState.UNKNOWN);
        callee.setReg(2, caller.reg(3));
        sync(callee);
    }

    /** {@code int callback(struct bpf_map *map, int *key, void *value)} of timers and work queues. */
    static void timer(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        async(callee, caller.reg(1), new RetvalRange(0, 0));
    }

    /** As {@link #timer}, of task work. */
    static void taskWork(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        async(callee, caller.reg(3), new RetvalRange(Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    /** {@code long callback(struct task_struct *task, struct vm_area_struct *vma, void *ctx)}. */
    static void findVma(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        RegPayload.BtfRef vma = StructMatch.kernel(env, "vm_area_struct");
        if (vma == null) {
            throw new UnsupportedFeature("kernel struct vm_area_struct is not supported");
        }
        callee.setReg(1, caller.reg(1));
        callee.setReg(2, RegState.btfId(vma.btf(), vma.typeId(), 0));
        callee.setReg(3, caller.reg(4));
        sync(callee);
    }

    /** {@code long callback(const struct bpf_dynptr *dynptr, void *ctx)}. */
    static void userRingbuf(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        RegPayload payload = new RegPayload.Dynptr(DynptrType.LOCAL, true);
        callee.setReg(
                1, RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, payload).withId(env.newId()));
        callee.setReg(2, caller.reg(3));
        sync(callee);
    }

    /** {@code bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)}. */
    static void rbtreeLess(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        RegState root = caller.reg(1);
        BtfField field = SpecialFields.find(SpecialFields.of(env, root), root.constValue(), BtfField.Kind.BPF_RB_ROOT);
        if (field == null) {
            throw env.reject(Errno.EFAULT);
        }
        RegState node = ListsAndTrees.nonOwning(env, ListsAndTrees.node(env, field));
        callee.setReg(1, node);
        callee.setReg(2, node);
        sync(callee);
    }

    private static void keyAndValue(FuncState callee, int first, RegState map) {
        callee.setReg(first, RegState.pointer(RegType.PTR_TO_MAP_KEY, 0, map.payload()));
        callee.setReg(first + 1, RegState.pointer(RegType.PTR_TO_MAP_VALUE, 0, map.payload()));
    }

    private static void async(FuncState callee, RegState field, RetvalRange range) {
        callee.setReg(1, RegState.pointer(RegType.CONST_PTR_TO_MAP, 0, field.payload()));
        keyAndValue(callee, 2, field);
        callee.setInAsyncCallback(true);
        callee.setCallbackRetRange(range);
    }

    private static void sync(FuncState callee) {
        callee.setInCallback(true);
        callee.setCallbackRetRange(ZERO_OR_ONE);
    }
}
