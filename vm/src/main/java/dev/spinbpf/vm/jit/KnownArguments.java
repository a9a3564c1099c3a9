package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Helper;

/**
 * The maps, values in maps and callbacks that calls are given. A compiler for BPF loads their address shortly before the call, so that the load
 * which stands next before it in the program, along moves, gives the argument in nearly all programs. It is a guess: whoever
 * relies on it compares first.
 */
final class KnownArguments {
    private static final int MOST_LOOKED_AT = 64;

    private KnownArguments() {}

    /** Returns the helper that the call at an index calls, for the map or the value that it is called with where that is known. */
    static Helper helper(Code code, int call) {
        Helper helper = code.helper(call);
        int load = load(code, call, 1);
        if (load < 0) {
            return helper;
        }
        return switch (code.insn(load).op()) {
            case LDDW_MAP_FD, LDDW_MAP_IDX -> helper.forMap(code.constant(load));
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE -> helper.forValue(code.constant(load));
            default -> helper;
        };
    }

    /** Returns the index of the load that gives the address of the function in a register at a call, or -1. */
    static int callback(Code code, int call, int register) {
        int load = load(code, call, register);
        return load >= 0 && code.insn(load).op() == Op.LDDW_FUNC ? load : -1;
    }

    /** Returns the index of the instruction that gives a register its value at a call, moves aside; -1 if none is near. */
    private static int load(Code code, int call, int argument) {
        int register = argument;
        for (int index = call - 1; index >= Math.max(0, call - MOST_LOOKED_AT); index--) {
            Insn insn = code.insn(index);
            if ((insn.definedRegs() & 1 << register) == 0) {
                continue;
            }
            if (insn.op() != Op.MOV64_REG) {
                return index;
            }
            register = insn.src();
        }
        return -1;
    }
}
