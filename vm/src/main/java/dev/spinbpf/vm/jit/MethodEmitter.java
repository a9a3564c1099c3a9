package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Helper;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes the method of a function, or of a piece of one.
 *
 * <p>Registers are variables. Each block counts its instructions when it begins; at the function's start, at backward
 * jumps and after calls the method polls where what it may run is used up. Where the interpreter has to go on instead,
 * because the budget is about to end or a tail call was made, the registers are handed over and the interpreter runs to
 * the function's exit. The same hand-over tells a fault's registers: variable {@code at} names the instruction before
 * each one that may raise an exception.
 *
 * <p>A whole function takes its registers as parameters and returns r0. A piece takes a ticket, finds the registers in
 * the execution, and returns the next piece's ticket.
 */
final class MethodEmitter {
    private static final ClassDesc RUNTIME_EXCEPTION = ClassDesc.of("java.lang.RuntimeException");
    private static final ClassDesc HELPER = ClassDesc.of("dev.spinbpf.vm.exec.Helper");
    private static final MethodTypeDesc HELPER_CALL = MethodWriter.type(CD_long, 5, MethodWriter.EXECUTION);
    private static final MethodTypeDesc GO_ON = MethodWriter.type(CD_long, MethodWriter.REGISTERS, CD_int);
    private static final MethodTypeDesc TRAPPED =
            MethodWriter.type(RUNTIME_EXCEPTION, MethodWriter.REGISTERS, RUNTIME_EXCEPTION, CD_int);
    private static final MethodTypeDesc FINISH = MethodTypeDesc.of(CD_int, CD_long);
    private static final MethodTypeDesc ENTER = MethodTypeDesc.of(CD_void, CD_int);
    private static final MethodTypeDesc NEW_LEFT = MethodTypeDesc.of(CD_int);
    private static final MethodTypeDesc LOAD_PACKET = MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_int);
    private static final int LAST_LINE = 0xffff;

    private final CodeBuilder out;
    private final Unit unit;
    private final Code code;
    private final FunctionBlocks function;
    private final FlowGraph graph;
    private final Counting counting;
    private final List<Piece> pieces;
    private final Piece piece;
    private final boolean isWhole;
    private final int[] layout;
    private final MethodWriter method;
    private final AluEmitter alu;
    private final MemoryEmitter memory;
    private final Label goOn;
    private final Map<Integer, Label> blocks = new HashMap<>();
    private final Map<Integer, Label> rounds = new HashMap<>();
    private final Map<BackEdge, Label> backEdges = new HashMap<>();
    private final Map<Integer, Label> leaves = new TreeMap<>();
    private final Label leave;
    private final @Nullable LiveRegisters liveRegisters;
    private final Deque<Runnable> stubs = new ArrayDeque<>();

    /** Ways back to the head of a loop on which the same number of instructions is counted. */
    private record BackEdge(int head, int counted) {}

    /** The class that is being written. */
    record Unit(Code code, ClassDesc name, ClassConstants constants, AccessMode access, FunctionCalls calls) {}

    /**
     * @param pieces those that the function is cut into; none where it is one method
     * @param piece the one to write
     */
    MethodEmitter(
            CodeBuilder out, Unit unit, FunctionBlocks function, FlowGraph graph, List<Piece> pieces, Piece piece) {
        this.out = out;
        this.unit = unit;
        this.code = unit.code();
        this.function = function;
        this.graph = graph;
        this.pieces = pieces;
        this.piece = piece;
        isWhole = pieces.isEmpty();
        goOn = out.newLabel();
        leave = out.newLabel();
        method = new MethodWriter(out, piece.first(), goOn);
        alu = new AluEmitter(method);
        boolean frameIsOwn = isWhole && unit.access() == AccessMode.MASKED;
        StackSlots slots = frameIsOwn ? StackSlots.of(code, graph) : StackSlots.none();
        liveRegisters = frameIsOwn ? new LiveRegisters(code, graph) : null;
        LoadMerges merges = frameIsOwn ? LoadMerges.of(code, function, slots) : LoadMerges.none();
        memory = new MemoryEmitter(method, unit.constants(), unit.access(), slots, merges);
        layout = graph.layout(piece);
        BitSet own = new BitSet();
        for (int block : layout) {
            own.set(block);
            blocks.put(block, out.newLabel());
        }
        counting = new Counting(
                graph, own, Arrays.stream(piece.entries()).map(graph::number).toArray());
    }

    /** Returns true for a block of this method. */
    private boolean isHere(int block) {
        return piece.has(graph.start(block));
    }

    /** Writes the method. */
    void emit() {
        Label from = out.newLabel();
        Label to = out.newLabel();
        Label handler = out.newLabel();
        if (unit.access() == AccessMode.MASKED) {
            method.initializeSandbox();
        }
        if (isWhole) {
            method.initialize(graph.countsMayGoto(), KernelLimits.BPF_MAX_LOOPS);
            memory.initializeSlots();
            out.labelBinding(from);
            method.jumpIfLeft(0, label(graph.entry()));
            method.poll(function.start(), 0);
            out.goto_(label(graph.entry()));
        } else {
            method.initializePiece(graph.countsMayGoto());
            out.labelBinding(from);
            enterPiece();
        }
        for (int i = 0; i < layout.length; i++) {
            block(layout[i], i + 1 < layout.length ? layout[i + 1] : -1);
        }
        while (!stubs.isEmpty()) {
            stubs.pop().run();
        }
        out.labelBinding(to);
        out.labelBinding(goOn);
        goOnElsewhere();
        if (!leaves.isEmpty()) {
            leave();
        }
        out.labelBinding(handler);
        method.storeException();
        method.loadRegisters();
        method.callRun("trapped", TRAPPED);
        out.athrow();
        out.exceptionCatch(from, to, handler, RUNTIME_EXCEPTION);
    }

    /** Goes on in the interpreter, or in a tail call's target: a piece ends there, a whole function calls it. */
    private void goOnElsewhere() {
        publish();
        if (!isWhole) {
            method.publishRegisters();
            method.publishResume();
            out.loadConstant(Execution.SWITCHED).ireturn();
            return;
        }
        memory.publishSlots();
        method.loadRun();
        method.loadAt();
        method.loadRegisters();
        method.callRun("goOn", GO_ON);
        out.lreturn();
    }

    /** Jumps to the block that the ticket in the piece's parameter names. */
    private void enterPiece() {
        List<SwitchCase> cases = new ArrayList<>();
        for (int entry : piece.entries()) {
            cases.add(SwitchCase.of(cases.size(), label(graph.number(entry))));
        }
        method.loadEntry();
        Label none = cases.getFirst().target();
        out.tableswitch(0, cases.size() - 1, none, cases);
    }

    /** The place that goes on with a block: that of this method, or the way out to another piece. */
    private Label label(int block) {
        Label here = blocks.get(block);
        return here != null ? here : leaves.computeIfAbsent(graph.start(block), _ -> out.newLabel());
    }

    private void leave() {
        leaves.forEach((index, label) -> {
            out.labelBinding(label);
            out.loadConstant(Piece.pieceOf(pieces, index).ticket(index)).goto_(leave);
        });
        out.labelBinding(leave);
        method.storeTicket();
        publish();
        method.publishRegisters();
        method.returnTicket();
    }

    private void publish() {
        method.publishLeft(0);
        if (graph.countsMayGoto()) {
            method.publishMayGoto();
        }
    }

    /** Returns the long on the operand stack as r0. */
    private void returnResult() {
        if (isWhole) {
            out.lreturn();
            return;
        }
        method.storeResult();
        method.loadRun();
        method.load(0);
        method.callRun("finish", FINISH);
        out.ireturn();
    }

    private void block(int block, int follower) {
        out.labelBinding(label(block));
        int leader = graph.start(block);
        if (leader == code.end()) {
            method.goOnAt(leader, counting.uncountedBefore(block));
            return;
        }
        if (graph.isChoice(block)) {
            choose(block, follower);
            return;
        }
        if (graph.isTwoLoops(block)) {
            method.beginLoop();
            out.labelBinding(round(block));
        }
        int end = function.end(leader);
        for (int index = leader; index < end; index++) {
            int line = code.slot(index) + 1;
            if (line <= LAST_LINE) {
                out.lineNumber(line);
            }
            insn(code.insn(index), index, block);
        }
        Op last = code.insn(end - 1).op();
        if (FunctionBlocks.goesOn(last)) {
            goOnAfter(block, follower);
        } else if (FunctionBlocks.isIndirect(last)) {
            choose(block, follower);
        }
    }

    /** Jumps to one of an indirect jump's targets. The interpreter does the jump where it leads to none that is known. */
    private void choose(int block, int follower) {
        int index = function.end(graph.start(block)) - 1;
        int to = graph.jumpsTo(block);
        if (to >= 0) {
            method.load(code.insn(index).dst());
            out.loadConstant(code.jumpWord(graph.start(to))).lcmp().ifeq(edge(block, to));
        }
        if (graph.fallsTo(block) >= 0) {
            goOnAfter(block, follower);
        } else {
            method.goOnAt(index, counting.uncountedAfter(block) - 1);
        }
    }

    /** Goes to the block after this one, which may be the one that is written next. */
    private void goOnAfter(int block, int follower) {
        int to = graph.fallsTo(block);
        if (to != follower || graph.isBack(block, to)) {
            out.goto_(edge(block, to));
        } else if (!graph.calls(block)) {
            method.count(counting.between(block, to));
        }
    }

    /**
     * The beginning of a loop's next round. HotSpot sees two loops, one within the other, and keeps what the inner one
     * needs in registers, because only the outer one polls.
     */
    private Label round(int head) {
        return graph.isTwoLoops(head) ? rounds.computeIfAbsent(head, _ -> out.newLabel()) : label(head);
    }

    /** The place to jump to from the end of one block to another: that block, or what has to be done before. */
    private Label edge(int from, int to) {
        boolean back = graph.isBack(from, to);
        boolean here = isHere(to);
        int counted = counted(from, to, here);
        if (back && here) {
            return backEdge(new BackEdge(to, counted));
        }
        if (counted == 0 && !back) {
            return label(to);
        }
        Label stub = out.newLabel();
        stubs.add(() -> {
            out.labelBinding(stub);
            method.count(counted);
            if (back) {
                method.jumpIfLeft(0, label(to));
                forget(to);
                method.poll(graph.start(to), 0);
            }
            out.goto_(label(to));
        });
        return stub;
    }

    private int counted(int from, int to, boolean here) {
        if (graph.calls(from)) {
            return 0;
        }
        return here ? counting.between(from, to) : counting.uncountedAfter(from);
    }

    private Label backEdge(BackEdge edge) {
        Label known = backEdges.get(edge);
        if (known != null) {
            return known;
        }
        Label stub = out.newLabel();
        backEdges.put(edge, stub);
        int head = edge.head();
        int uncounted = counting.uncountedBefore(head);
        stubs.add(() -> {
            out.labelBinding(stub);
            method.count(edge.counted());
            if (edge.counted() != 0) {
                out.goto_(backEdge(new BackEdge(head, 0)));
                return;
            }
            method.jumpIfLeft(uncounted, round(head));
            forget(head);
            method.poll(graph.start(head), uncounted);
            out.goto_(label(head));
        });
        return stub;
    }

    /** Clears the registers that nothing reads from a block on, before it is polled there. */
    private void forget(int block) {
        for (int register = 0; liveRegisters != null && register < Insn.FRAME_POINTER; register++) {
            if ((liveRegisters.at(block) & 1 << register) == 0) {
                out.lconst_0();
                method.store(register);
            }
        }
        memory.forgetSlots(block);
    }

    private void insn(Insn insn, int index, int block) {
        if (code.isArenaAccess(index)) {
            memory.arena(insn, index, insn.op().kind() == Op.Kind.ST ? code.constant(index) : 0);
            return;
        }
        switch (insn.op().kind()) {
            case ALU -> {
                if (!memory.mergedResult(insn, index)) {
                    alu.arithmetic(insn, constant(insn, index));
                }
            }
            case MOVSX -> alu.extend(insn);
            case NEG -> alu.negate(insn);
            case BYTE_SWAP -> alu.swap(insn);
            case LDDW -> {
                out.loadConstant(code.constant(index));
                method.store(insn.dst());
            }
            case LDX, LDXSX -> {
                memory.mergedLoads(index);
                memory.load(insn, index, code.isProbe(index));
            }
            case ST -> memory.store(insn, index, code.constant(index));
            case STX -> memory.store(insn, index, 0);
            case ATOMIC -> memory.atomic(insn, index);
            case LOAD_ACQUIRE -> memory.loadAcquire(insn, index);
            case STORE_RELEASE -> memory.storeRelease(insn, index);
            case JA -> out.goto_(edge(block, graph.jumpsTo(block)));
            case JCC -> alu.jumpIf(insn, constant(insn, index), edge(block, graph.jumpsTo(block)));
            case MAY_GOTO -> method.countMayGoto(edge(block, graph.jumpsTo(block)));
            case EXIT -> exit(block);
            case CALL_SUBPROG -> callFunction(index, block);
            case CALL_HELPER, CALL_KFUNC -> callHelper(index, block);
            case LD_ABS, LD_IND -> loadPacket(insn, index, block);
            case ADDR_SPACE_CAST -> memory.toUserSpace(insn, code);
            case GOTO_REG -> {}
            case LDDW_HI -> throw new IllegalArgumentException(insn.op() + " is never made ready to run");
        }
    }

    private long constant(Insn insn, int index) {
        return insn.op().operand() == Op.Operand.IMM ? code.constant(index) : 0;
    }

    /** Instructions that a block has executed but not counted when it begins; none if it is in another piece. */
    private int uncountedAt(int start) {
        return piece.has(start) ? counting.uncountedBefore(graph.number(start)) : 0;
    }

    private void exit(int block) {
        method.publishLeft(counting.uncountedAfter(block));
        method.load(0);
        returnResult();
    }

    private void callFunction(int index, int block) {
        int target = code.target(index);
        if (target == code.end()) {
            method.goOnAt(target, counting.uncountedAfter(block));
            return;
        }
        method.publishAt(index);
        method.publishLeft(counting.uncountedAfter(block));
        method.loadRun();
        out.loadConstant(index + 1);
        method.callRun("enterFrom", ENTER);
        unit.calls().emit(method, unit, target, () -> {
            loadArguments();
            method.load(Insn.FRAME_POINTER);
            out.loadConstant((long) -KernelLimits.MAX_BPF_STACK).ladd();
        });
        method.store(0);
        method.loadRun();
        method.callRun("leaveTo", NEW_LEFT);
        method.goOnIfNegative(index + 1, uncountedAt(index + 1));
    }

    private void loadArguments() {
        for (int register = 1; register <= 5; register++) {
            method.load(register);
        }
    }

    private void callHelper(int index, int block) {
        method.publishAt(index);
        method.publishLeft(counting.uncountedAfter(block));
        Label done = out.newLabel();
        if (LoopEmitter.takes(unit, index)) {
            Label helper = out.newLabel();
            new LoopEmitter(method, unit).emit(index, helper, done);
            out.labelBinding(helper);
        }
        out.ldc(unit.constants().of(KnownArguments.helper(code, index), Helper.class));
        method.loadRun();
        loadArguments();
        out.invokeinterface(HELPER, "call", HELPER_CALL);
        method.store(0);
        out.labelBinding(done);
        method.loadRun();
        method.callRun("afterHelper", NEW_LEFT);
        method.goOnIfNegative(index + 1, uncountedAt(index + 1));
    }

    /** A load out of the packet ends the function with zero. */
    private void loadPacket(Insn insn, int index, int block) {
        method.publishAt(index);
        method.loadRun();
        method.load(6);
        out.loadConstant((int) code.constant(index));
        if (insn.op().usesSrcRegister()) {
            method.load(insn.src());
            out.l2i().iadd();
        }
        out.loadConstant(insn.op().widthBytes());
        method.callRun("loadPacket", LOAD_PACKET);
        method.store(0);
        Label loaded = out.newLabel();
        method.load(0);
        out.lconst_0().lcmp().ifge(loaded).lconst_0();
        method.store(0);
        exit(block);
        out.labelBinding(loaded);
    }
}
