package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CallbackPusher;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.object.ListsAndTrees;
import dev.spinbpf.verifier.object.SpecialFields;
import dev.spinbpf.verifier.object.StructMatch;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Enters a callback: the registers of its frame, as the table of helpers or kernel functions says. */
record CallbackArgs(Callback callback) implements CallbackPusher.CalleeSetup {
    @Override
    public void set(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        int regno = 1;
        for (Callback.Arg arg : callback.args()) {
            callee.setReg(regno++, value(env, caller, arg));
        }
        if (callback.async()) {
            callee.setInAsyncCallback(true);
        } else {
            callee.setInCallback(true);
        }
        callee.setCallbackRetRange(callback.range());
    }

    private RegState value(VerifierEnv env, FuncState caller, Callback.Arg arg) {
        RegState from = caller.reg(arg.regno());
        return switch (arg.source()) {
            case REGISTER -> from;
            case MAP -> RegState.pointer(RegType.CONST_PTR_TO_MAP, 0, from.payload());
            case KEY -> {
                if (!callback.async()
                        && !env.kernel().mapTypes().isWalkable(from.map().type())) {
                    throw env.reject(Errno.ENOTSUPP, "callback function not allowed for map");
                }
                yield RegState.pointer(RegType.PTR_TO_MAP_KEY, 0, from.payload());
            }
            case VALUE -> RegState.pointer(RegType.PTR_TO_MAP_VALUE, 0, from.payload());
            case NODE -> node(env, from);
            case SCALAR -> RegState.UNKNOWN;
            case DYNPTR -> {
                RegPayload payload = new RegPayload.Dynptr(DynptrType.LOCAL, true);
                yield RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, payload).withId(env.newId());
            }
            case STRUCT -> {
                RegPayload.BtfRef struct = StructMatch.require(env, arg.struct());
                yield RegState.btfId(struct.btf(), struct.typeId(), 0);
            }
        };
    }

    private static RegState node(VerifierEnv env, RegState root) {
        BtfField field = SpecialFields.find(SpecialFields.of(env, root), root.constValue(), BtfField.Kind.BPF_RB_ROOT);
        if (field == null) {
            throw env.reject(Errno.EFAULT);
        }
        return ListsAndTrees.nonOwning(env, ListsAndTrees.node(env, field));
    }
}
