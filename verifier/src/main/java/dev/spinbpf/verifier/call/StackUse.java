package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.KernelType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.MapInfo;
import java.util.List;

/** The bytes of stack that a call accesses through an argument, as far as that can be told beforehand. */
final class StackUse {

    private StackUse() {}

    static long bytes(ProgramUnit unit, Insn insn, int insnIndex, int arg) {
        if (insn.op() == Op.CALL_HELPER) {
            return ofHelper(unit, insn, insnIndex, arg);
        }
        return insn.op() == Op.CALL_KFUNC ? ofKfunc(unit, insn, insnIndex, arg) : CallChecker.UNKNOWN_BYTES;
    }

    private static long ofHelper(ProgramUnit unit, Insn insn, int insnIndex, int arg) {
        HelperProto proto;
        try {
            proto = unit.kernel().helperSets().find(unit.program(), HelperCalls.name((int) insn.imm()));
        } catch (UnsupportedFeature unknown) {
            return CallChecker.UNKNOWN_BYTES;
        }
        if (proto == null) {
            return CallChecker.UNKNOWN_BYTES;
        }
        ArgType type = proto.arg(arg);
        long size;
        switch (type.kind()) {
            case PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE ->
                size = mapBytes(unit, insnIndex, proto, arg, type.kind() == ArgKind.PTR_TO_MAP_KEY);
            case PTR_TO_MEM -> {
                ArgKind next = proto.arg(arg + 1).kind();
                if (type.has(TypeFlags.MEM_FIXED_SIZE)) {
                    size = type.sizeBytes();
                } else if (next == ArgKind.CONST_SIZE || next == ArgKind.CONST_SIZE_OR_ZERO) {
                    size = constant(unit.aux(insnIndex), arg + 2);
                    if (size < 0) {
                        return type.has(TypeFlags.MEM_UNINIT) ? 0 : KernelLimits.MAX_BPF_STACK;
                    }
                } else {
                    return CallChecker.UNKNOWN_BYTES;
                }
            }
            case PTR_TO_DYNPTR -> size = KernelLimits.BPF_DYNPTR_BYTES;
            case PTR_TO_STACK -> {
                return 0;
            }
            default -> {
                return CallChecker.UNKNOWN_BYTES;
            }
        }
        return type.has(TypeFlags.MEM_UNINIT) && size != CallChecker.UNKNOWN_BYTES ? -size : size;
    }

    private static long mapBytes(ProgramUnit unit, int insnIndex, HelperProto proto, int arg, boolean key) {
        InsnAux aux = unit.aux(insnIndex);
        for (int i = 0; i < arg; i++) {
            if (proto.arg(i).kind() == ArgKind.CONST_MAP_PTR) {
                int regno = i + 1;
                int[] values = aux.constRegValues;
                if ((aux.constMapRegs & 1 << regno) != 0
                        && values != null
                        && values[regno] < unit.maps().size()) {
                    return bytes(unit.maps().get(values[regno]), key);
                }
                break;
            }
        }
        long most = 0;
        for (MapInfo map : unit.usedMaps()) {
            most = Math.max(most, bytes(map, key));
            MapInfo inner = map.inner();
            if (inner != null) {
                most = Math.max(most, bytes(inner, key));
            }
        }
        return most == 0 ? CallChecker.UNKNOWN_BYTES : most;
    }

    private static long bytes(MapInfo map, boolean key) {
        return key ? map.keySize() : map.valueSize();
    }

    /** The constant in the register, or -1 if it is not known. */
    private static long constant(InsnAux aux, int regno) {
        int[] values = aux.constRegValues;
        return (aux.constRegs & 1 << regno) != 0 && values != null ? values[regno] & 0xffffffffL : -1;
    }

    private static long ofKfunc(ProgramUnit unit, Insn insn, int insnIndex, int arg) {
        Kfunc kfunc = KfuncCalls.known(unit, insn);
        if (kfunc == null) {
            return CallChecker.UNKNOWN_BYTES;
        }
        List<Kfunc.Param> params = kfunc.params();
        if (arg >= params.size() || !params.get(arg).type().isPointer()) {
            return 0;
        }
        Kfunc.Param param = params.get(arg);
        long size;
        if (param.type().pointsTo("bpf_dynptr")) {
            size = KernelLimits.BPF_DYNPTR_BYTES;
        } else if (arg + 1 < params.size()
                && (params.get(arg + 1).hasSuffix("__sz") || params.get(arg + 1).hasSuffix("__szk"))) {
            size = constant(unit.aux(insnIndex), arg + 2);
            if (size < 0) {
                return KernelLimits.MAX_BPF_STACK;
            }
        } else {
            KernelType pointee = param.type().pointee();
            size = pointee.isPointer() ? Long.BYTES : pointee.sizeBytes();
            if (size == 0) {
                return CallChecker.UNKNOWN_BYTES;
            }
        }
        boolean writes = arg == 0 && kfunc.has(Kfunc.Flag.ITER_NEW) || param.hasSuffix("__uninit");
        return writes ? -size : size;
    }
}
