package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CallbackPusher;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
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
    public void set(Exploration path, FuncState caller, FuncState callee, int insnIndex) {
        int regno = 1;
        for (Callback.Arg arg : callback.args()) {
            callee.setReg(regno++, value(path, caller, arg));
        }
        if (callback.async()) {
            callee.setInAsyncCallback(true);
        } else {
            callee.setInCallback(true);
        }
        callee.setCallbackRetRange(callback.range());
    }

    private RegState value(Exploration path, FuncState caller, Callback.Arg arg) {
        RegState from = caller.reg(arg.regno());
        boolean knows = path.unit().kernel().has(KernelRule.CALLBACKS_KNOW_INNER_MAPS);
        return switch (arg.source()) {
            case REGISTER -> from;
            case MAP -> RegState.pointer(RegType.CONST_PTR_TO_MAP, 0, knows ? from.payload() : ofAnyLookup(from));
            case KEY -> {
                if (!callback.async()
                        && !path.unit()
                                .kernel()
                                .mapTypes()
                                .isWalkable(from.map().type())) {
                    throw path.reject(Errno.ENOTSUPP, Message.CALLBACK_NOT_ALLOWED_FOR_MAP);
                }
                yield RegState.pointer(RegType.PTR_TO_MAP_KEY, 0, knows ? from.payload() : ofAnyLookup(from));
            }
            case VALUE -> {
                RegState value =
                        RegState.pointer(RegType.PTR_TO_MAP_VALUE, 0, knows ? from.payload() : ofAnyLookup(from));
                yield path.unit().kernel().has(KernelRule.VALUES_OF_CALLBACKS_HAVE_IDS)
                        ? value.withId(path.newId())
                        : value;
            }
            case NODE -> node(path, from);
            case SCALAR -> RegState.UNKNOWN;
            case DYNPTR -> {
                RegPayload payload = new RegPayload.Dynptr(DynptrType.LOCAL, true);
                yield RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, payload).withId(path.newId());
            }
            case STRUCT -> {
                RegPayload.BtfRef struct = StructMatch.require(path, arg.struct());
                yield RegState.btfId(struct.btf(), struct.typeId(), 0);
            }
        };
    }

    private static RegPayload ofAnyLookup(RegState reg) {
        return new RegPayload.MapRef(reg.map(), 0);
    }

    private static RegState node(Exploration path, RegState root) {
        BtfField field = SpecialFields.find(SpecialFields.of(path, root), root.constValue(), BtfField.Kind.BPF_RB_ROOT);
        if (field == null) {
            throw path.reject(Errno.EFAULT);
        }
        return ListsAndTrees.nonOwning(path, ListsAndTrees.node(path, field));
    }
}
