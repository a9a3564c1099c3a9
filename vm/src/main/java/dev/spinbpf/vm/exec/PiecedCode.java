package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.linux.KernelLimits;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A program that is too large for one class: pieces of functions, some of them compiled.
 *
 * <p>Interpreter and pieces have the registers in the same place, so that a run changes from one to the other wherever a piece can be
 * entered. There the interpreter finds {@link MicroOp#PIECE} in its own copy of the instructions, while the piece is open. A
 * piece ends with the ticket of the next one; the run goes on in that one if it is open, else in the interpreter.
 *
 * <p>Functions that are small enough are methods of one ordinary class, which calls and is called without the interpreter.
 */
public final class PiecedCode implements MachineCode {
    private final Code code;
    private final Layout layout;
    private final PieceCode.Source source;
    private final AtomicReferenceArray<PieceCode> codes;
    private final PieceHeat heat;

    /** The instructions as the interpreter runs them. */
    final long[] steps;

    /**
     * The pieces of a program.
     *
     * @param entries the indices at which each piece can be entered, by the numbers of the entries
     * @param firsts the index of each piece's first instruction
     * @param ends the index after each piece's last instruction
     * @param mostBetweenPolls most instructions between two polls, of functions that are one method too
     * @param narrow whether the pieces reach guest addresses of 32 bits only
     */
    public record Layout(int[][] entries, int[] firsts, int[] ends, int mostBetweenPolls, boolean narrow) {}

    private final @Nullable MachineCode whole;
    private final BitSet wholeStarts;

    /**
     * A program with closed pieces only.
     *
     * @param whole the class of the functions that are methods, or null
     * @param wholeStarts where these functions start
     */
    public PiecedCode(
            Code code, Layout layout, PieceCode.Source source, @Nullable MachineCode whole, BitSet wholeStarts) {
        this.code = code;
        this.layout = layout;
        this.source = source;
        this.whole = whole;
        this.wholeStarts = wholeStarts;
        int pieces = layout.entries.length;
        codes = new AtomicReferenceArray<>(pieces);
        steps = code.insns.clone();
        int[] pieceAt = new int[steps.length];
        Arrays.fill(pieceAt, -1);
        for (int piece = pieces - 1; piece >= 0; piece--) {
            Arrays.fill(pieceAt, layout.firsts[piece], layout.ends[piece], piece);
        }
        heat = new PieceHeat(pieceAt, pieces);
    }

    /** Returns how many pieces there are. */
    public int pieces() {
        return layout.entries.length;
    }

    /** Returns how many of them have been compiled and run as such. */
    public int open() {
        return heat.fast();
    }

    /** Compiles and opens all pieces for good. */
    public void openAll() {
        for (int piece = 0; piece < pieces(); piece++) {
            open(piece);
        }
    }

    /** Compiles and opens a piece for good. */
    public void open(int piece) {
        compile(piece);
        heat.keep(piece);
        patch(piece);
    }

    /**
     * Opens and closes pieces by what was measured since the last call; one thread at a time may call it.
     *
     * @return milliseconds until the next call is worth while
     */
    public int tend() {
        return heat.tend(this);
    }

    void compile(int piece) {
        if (codes.get(piece) == null) {
            codes.set(piece, source.of(piece));
        }
    }

    /** Lets the interpreter find a piece; CPUs may see that later. */
    void patch(int piece) {
        int[] entries = layout.entries[piece];
        for (int entry = 0; entry < entries.length; entry++) {
            int ticket = piece << PieceCode.ENTRY_BITS | entry;
            steps[entries[entry]] = (long) ticket << 32 | MicroOp.PIECE;
        }
    }

    void unpatch(int piece) {
        for (int index : layout.entries[piece]) {
            steps[index] = code.insns[index];
        }
    }

    /** Counts that the interpreter is at an index after a slice. */
    void sample(Execution run, int index) {
        heat.sample(run, index);
    }

    /** Returns the index that a ticket stands for. */
    int index(int ticket) {
        return layout.entries[ticket >>> PieceCode.ENTRY_BITS][ticket & (1 << PieceCode.ENTRY_BITS) - 1];
    }

    /**
     * Runs open pieces, one after the other.
     *
     * @param entered the ticket that the interpreter found
     * @return index to go on at, {@link Execution#EXITED} or {@link Execution#SWITCHED}; {@link Execution#PIECE} where the interpreter
     *     has to execute what is at {@link Execution#resumeAt}
     */
    int run(Execution run, int entered) {
        run.addExecuted(-1);
        heat.leavesInterpreter();
        if (run.slice != Interpreter.SLICE || run.grant(this) < 0) {
            run.settle();
            run.resumeAt = index(entered);
            return Execution.PIECE;
        }
        int ticket = entered;
        try {
            do {
                ticket = visit(run, ticket);
            } while (ticket >= 0 && heat.isOpen(ticket >>> PieceCode.ENTRY_BITS) && mayGoOn(run, ticket));
        } finally {
            run.settle();
        }
        if (ticket == Execution.EXITED) {
            return run.leave(run.registers);
        }
        return ticket == Execution.SWITCHED ? goOn(run) : index(ticket);
    }

    private boolean mayGoOn(Execution run, int ticket) {
        if (run.left >= 0) {
            return true;
        }
        run.settle();
        run.at = index(ticket);
        run.poll();
        return run.grant(this) >= 0;
    }

    private int visit(Execution run, int ticket) {
        int piece = ticket >>> PieceCode.ENTRY_BITS;
        PieceCode compiled = codes.getPlain(piece);
        if (!heat.isTimed(piece)) {
            return compiled.enter(run, ticket);
        }
        long executed = run.executedUntilNow();
        long startNanos = System.nanoTime();
        int next = compiled.enter(run, ticket);
        long nanos = System.nanoTime() - startNanos;
        if (heat.visited(piece, run.executedUntilNow() - executed, nanos)) {
            unpatch(piece);
        }
        return next;
    }

    /** Goes on where a piece could not: in the target of a tail call, or at the instruction that it left to the interpreter. */
    private static int goOn(Execution run) {
        Code target = run.tailTarget;
        if (target == null) {
            return run.resumeAt;
        }
        run.tailTarget = null;
        run.switchTo(target);
        run.registers[1] = run.context;
        run.mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
        if (run.depth == 0) {
            run.registers[0] = run.function(0);
            return Execution.EXITED;
        }
        run.resumeAt = 0;
        return Execution.SWITCHED;
    }

    /** Returns true for the start of a function that is one method, which {@link #call} runs without the interpreter. */
    @Override
    public boolean takes(int start) {
        return wholeStarts.get(start);
    }

    @Override
    public long call(Execution run, int start, long r1, long r2, long r3, long r4, long r5, long framePointer) {
        if (whole != null && takes(start)) {
            return whole.call(run, start, r1, r2, r3, r4, r5, framePointer);
        }
        CompiledCalls.beginPieces(run, r1, r2, r3, r4, r5, framePointer);
        long result = CompiledCalls.uncompiled(run, start);
        run.settle();
        run.grant(this);
        return result;
    }

    @Override
    public boolean isNarrow() {
        return layout.narrow;
    }

    @Override
    public int mostBetweenPolls(int insns) {
        return layout.mostBetweenPolls;
    }
}
