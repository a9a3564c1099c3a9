package dev.spinbpf.vm.jit;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.vm.exec.Code;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Cells of a function's stack frame that can be variables.
 *
 * <p>Nothing else can reach the frame where the function uses r10 only as the base of plain loads and stores within it. Then a cell is
 * a variable if it is always accessed as a whole, and if it is written before it is read on each way
 * through the function. The interpreter finds cells in memory, so that they are stored before it takes over.
 */
final class StackSlots {
    private static final int FRAME_BIT = 1 << Insn.FRAME_POINTER;

    /** Most cells that become variables; spills of compilers are fewer. */
    private static final int MOST = 64;

    private final List<Cell> cells;

    /** The cells that each block, or one after it, reads before it writes them. */
    private BitSet[] needed = {};

    /** A cell of the frame, by its offset from r10. */
    private record Cell(int off, int widthBytes) {}

    private StackSlots(List<Cell> cells) {
        this.cells = cells;
    }

    /** Finds none. */
    static StackSlots none() {
        return new StackSlots(List.of());
    }

    /** Finds those of a function. */
    static StackSlots of(Code code, FlowGraph graph) {
        TreeMap<Integer, Cell> accessed = new TreeMap<>();
        BitSet mixed = new BitSet();
        for (int block = 0; block < graph.blocks(); block++) {
            int start = graph.start(block);
            for (int index = start; index < start + graph.cost(block); index++) {
                Insn insn = code.insn(index);
                if (FunctionBlocks.isIndirect(insn.op())) {
                    return none();
                }
                if (((insn.usedRegs() | insn.definedRegs()) & FRAME_BIT) == 0) {
                    continue;
                }
                if (!isCell(insn) || code.isProbe(index)) {
                    return none();
                }
                note(insn, accessed, mixed);
            }
        }
        accessed.values().removeIf(cell -> !mixed.get(position(cell.off), position(cell.off) + cell.widthBytes)
                .isEmpty());
        StackSlots whole = new StackSlots(accessed.values().stream().limit(MOST).toList());
        whole.findNeeded(code, graph);
        BitSet readFirst = whole.needed[graph.entry()];
        StackSlots written = new StackSlots(IntStream.range(0, whole.count())
                .filter(cell -> !readFirst.get(cell))
                .mapToObj(whole.cells::get)
                .toList());
        written.findNeeded(code, graph);
        return written;
    }

    private static int position(int off) {
        return off + KernelLimits.MAX_BPF_STACK;
    }

    private static boolean isCell(Insn insn) {
        boolean within = insn.off() >= -KernelLimits.MAX_BPF_STACK
                && insn.off() + insn.op().widthBytes() <= 0;
        return within
                && switch (insn.op().kind()) {
                    case LDX, LDXSX -> insn.dst() != Insn.FRAME_POINTER;
                    case ST -> true;
                    case STX -> insn.src() != Insn.FRAME_POINTER;
                    default -> false;
                };
    }

    /** Notes an access, and the bytes that it shares with others of another place or width. */
    private static void note(Insn insn, NavigableMap<Integer, Cell> accessed, BitSet mixed) {
        Cell cell = new Cell(insn.off(), insn.op().widthBytes());
        int end = cell.off + cell.widthBytes;
        for (Cell other : accessed.subMap(cell.off - Long.BYTES + 1, end).values()) {
            boolean same = other.off == cell.off && other.widthBytes == cell.widthBytes;
            if (!same && other.off + other.widthBytes > cell.off) {
                mixed.set(position(cell.off), position(end));
                mixed.set(position(other.off), position(other.off + other.widthBytes));
            }
        }
        accessed.putIfAbsent(cell.off, cell);
    }

    private void findNeeded(Code code, FlowGraph graph) {
        needed = new BitSet[graph.blocks()];
        Arrays.setAll(needed, _ -> new BitSet());
        boolean changed = !cells.isEmpty();
        while (changed) {
            changed = false;
            for (int block = needed.length - 1; block >= 0; block--) {
                BitSet before = neededBefore(code, graph, block);
                changed |= !before.equals(needed[block]);
                needed[block] = before;
            }
        }
    }

    /** Returns true for a cell that is read from a block on before it is written. */
    boolean isNeeded(int cell, int block) {
        return needed[block].get(cell);
    }

    private BitSet neededBefore(Code code, FlowGraph graph, int block) {
        BitSet live = new BitSet();
        if (graph.fallsTo(block) >= 0) {
            live.or(needed[graph.fallsTo(block)]);
        }
        if (graph.jumpsTo(block) >= 0) {
            live.or(needed[graph.jumpsTo(block)]);
        }
        int start = graph.start(block);
        for (int index = start + graph.cost(block) - 1; index >= start; index--) {
            Insn insn = code.insn(index);
            int cell = indexOf(insn);
            if (cell >= 0) {
                live.set(cell, insn.op().kind() == Op.Kind.LDX || insn.op().kind() == Op.Kind.LDXSX);
            }
        }
        return live;
    }

    /** Returns the number of the cell that an instruction accesses, or -1. */
    int indexOf(Insn insn) {
        boolean loads = insn.op().kind() == Op.Kind.LDX || insn.op().kind() == Op.Kind.LDXSX;
        boolean stores = insn.op().kind() == Op.Kind.ST || insn.op().kind() == Op.Kind.STX;
        boolean inFrame = loads && insn.src() == Insn.FRAME_POINTER || stores && insn.dst() == Insn.FRAME_POINTER;
        for (int i = 0; inFrame && i < cells.size(); i++) {
            if (cells.get(i).off == insn.off()) {
                return i;
            }
        }
        return -1;
    }

    /** Returns how many cells there are. */
    int count() {
        return cells.size();
    }

    /** Passes, for each cell, a store of a register into it; the register means nothing. */
    void forEachStore(Consumer<Insn> action) {
        for (Cell cell : cells) {
            action.accept(new Insn(storeOf(cell.widthBytes), Insn.FRAME_POINTER, 0, cell.off, 0));
        }
    }

    private static Op storeOf(int widthBytes) {
        return switch (widthBytes) {
            case 1 -> Op.STX_B;
            case 2 -> Op.STX_H;
            case 4 -> Op.STX_W;
            default -> Op.STX_DW;
        };
    }
}
