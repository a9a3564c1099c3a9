package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;

/**
 * The registers that hold something when a block begins that may still be read. Where a run leaves compiled code at a poll, the others
 * need not be handed to the interpreter, so that HotSpot does not keep them through loops.
 */
final class LiveRegisters {
    private static final int ALL = (1 << Insn.FRAME_POINTER + 1) - 1;
    private static final int R0 = 1;

    private final Code code;
    private final FlowGraph graph;
    private final int[] live;

    LiveRegisters(Code code, FlowGraph graph) {
        this.code = code;
        this.graph = graph;
        live = new int[graph.blocks()];
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int block = live.length - 1; block >= 0; block--) {
                int before = before(block);
                changed |= before != live[block];
                live[block] = before;
            }
        }
    }

    /** Returns the registers that are needed from a block on, bit n for rn. */
    int at(int block) {
        return live[block];
    }

    private int before(int block) {
        int start = graph.start(block);
        if (start == code.end() || graph.isChoice(block)) {
            return ALL;
        }
        int needed = after(graph.fallsTo(block)) | after(graph.jumpsTo(block));
        for (int index = start + graph.cost(block) - 1; index >= start; index--) {
            Insn insn = code.insn(index);
            needed = needed & ~insn.definedRegs() | insn.usedRegs();
            if (FunctionBlocks.isIndirect(insn.op())) {
                needed = ALL;
            }
            if (insn.op().kind() == Op.Kind.ATOMIC) {
                needed |= R0;
            }
        }
        return needed;
    }

    private int after(int block) {
        return block < 0 ? 0 : live[block];
    }
}
