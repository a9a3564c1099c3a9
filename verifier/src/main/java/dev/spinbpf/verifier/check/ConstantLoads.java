package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Loads of 64-bit constants: numbers, maps, map values, functions, kernel symbols. */
public final class ConstantLoads {
    private ConstantLoads() {}

    /** Checks an instruction of kind LDDW and applies it. */
    public static void check(Exploration path, Insn insn) {
        Registers.checkDestination(path, insn.dst());
        path.setReg(insn.dst(), loaded(path, insn));
    }

    private static RegState loaded(Exploration path, Insn insn) {
        return switch (insn.op()) {
            case LDDW_IMM64 -> Registers.immediate(path, insn);
            case LDDW_MAP_FD, LDDW_MAP_IDX ->
                RegState.pointer(
                        RegType.CONST_PTR_TO_MAP,
                        0,
                        new RegPayload.MapRef(path.unit().maps().get(insn.immLow()), 0));
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE ->
                mapValue(path.unit().maps().get(insn.immLow()), insn.immHigh());
            case LDDW_FUNC -> function(path, path.insnIndex() + insn.immLow() + 1);
            case LDDW_BTF_ID -> KsymAddresses.load(path, insn.immLow());
            default -> throw new IllegalArgumentException(insn.op().name());
        };
    }

    private static RegState mapValue(MapInfo map, int off) {
        if (map.type() == MapType.ARENA) {
            return RegState.UNKNOWN;
        }
        return RegState.mapValue(map, 0).withValue(ScalarValue.constant(off));
    }

    private static RegState function(Exploration path, int target) {
        int number = path.unit().findSubprog(target);
        if (path.unit().subprog(number).btfFuncId == 0) {
            throw path.reject(Errno.EINVAL, Message.MISSING_FUNC_INFO);
        }
        if (path.unit().subprog(number).global) {
            throw path.reject(Errno.EINVAL, Message.CALLBACK_NOT_STATIC);
        }
        if (number == 0) {
            throw path.reject(Errno.EINVAL, Message.CALLBACK_IS_MAIN_PROGRAM);
        }
        return RegState.pointer(RegType.PTR_TO_FUNC, 0, new RegPayload.SubprogRef(number));
    }
}
