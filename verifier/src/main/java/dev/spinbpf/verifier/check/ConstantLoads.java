package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;

/** Loads of 64-bit constants: numbers, maps, map values, functions, kernel symbols. */
public final class ConstantLoads {
    private ConstantLoads() {}

    /** Checks an instruction of kind LDDW and applies it. */
    public static void check(VerifierEnv env, Insn insn) {
        Registers.checkDestination(env, insn.dst());
        env.setReg(insn.dst(), loaded(env, insn));
    }

    private static RegState loaded(VerifierEnv env, Insn insn) {
        return switch (insn.op()) {
            case LDDW_IMM64 -> RegState.constant(insn.imm());
            case LDDW_MAP_FD, LDDW_MAP_IDX ->
                RegState.pointer(
                        RegType.CONST_PTR_TO_MAP,
                        0,
                        new RegPayload.MapRef(env.maps().get(insn.immLow()), 0));
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE -> mapValue(env.maps().get(insn.immLow()), insn.immHigh());
            case LDDW_FUNC -> function(env, env.insnIndex() + insn.immLow() + 1);
            case LDDW_BTF_ID -> KsymAddresses.load(env, insn.immLow());
            default -> throw new IllegalArgumentException(insn.op().name());
        };
    }

    private static RegState mapValue(MapInfo map, int off) {
        if (map.type() == MapType.ARENA) {
            return RegState.UNKNOWN;
        }
        return RegState.mapValue(map, 0).withValue(ScalarValue.constant(off));
    }

    private static RegState function(VerifierEnv env, int target) {
        int number = env.findSubprog(target);
        if (env.subprog(number).btfFuncId == 0) {
            throw env.reject(Errno.EINVAL, "missing btf func_info");
        }
        if (env.subprog(number).global) {
            throw env.reject(Errno.EINVAL, "callback function not static");
        }
        if (number == 0) {
            throw env.reject(Errno.EINVAL, "callback function cannot be the main program");
        }
        return RegState.pointer(RegType.PTR_TO_FUNC, 0, new RegPayload.SubprogRef(number));
    }
}
