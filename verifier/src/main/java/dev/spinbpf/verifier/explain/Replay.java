package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.verifier.domain.ScalarBranch;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.state.MapInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows one path of a program, instruction by instruction, and notes where each value comes from.
 *
 * <p>The path was verified, so that nothing is checked here: what is not understood is {@link Origin#UNKNOWN}, never wrong. What
 * must hold: a value keeps its source through moves, through spills to the stack, through calls of functions of the program and
 * through arithmetic that a compiler uses to narrow a number; an offset is exact or the source is lost. The last
 * instruction of the path, the refused one, is not executed: the registers are those that it finds.
 */
final class Replay {
    private static final int ARGUMENTS = 5;
    private static final long SOME_POINTER = 1L << 40;
    private static final long SOME_ERROR = -35;

    private final ProgramUnit unit;
    private final List<Integer> insns;
    private final PathMemory memory = new PathMemory();
    private final List<Event> events = new ArrayList<>();

    private Replay(ProgramUnit unit, List<Integer> insns) {
        this.unit = unit;
        this.insns = insns;
    }

    static Replay of(ProgramUnit unit, List<Integer> insns) {
        var replay = new Replay(unit, insns);
        for (int step = 0; step + 1 < insns.size(); step++) {
            replay.step(step, insns.get(step), insns.get(step + 1));
        }
        return replay;
    }

    /** The events on the path, in order. */
    List<Event> events() {
        return events;
    }

    /** The source of a register as the refused instruction finds it. */
    Origin register(int number) {
        return memory.get(number);
    }

    /** The call that the refused instruction makes. */
    Origin.Call refusedCall() {
        int last = insns.getLast();
        return call(insns.size() - 1, last, unit.insn(last));
    }

    private void step(int step, int at, int next) {
        Insn insn = unit.insn(at);
        switch (insn.op().kind()) {
            case ALU -> arithmetic(insn);
            case MOVSX, ADDR_SPACE_CAST -> memory.set(insn.dst(), memory.get(insn.src()));
            case NEG, BYTE_SWAP -> memory.set(insn.dst(), Origin.UNKNOWN);
            case LDX, LDXSX, LOAD_ACQUIRE -> memory.set(insn.dst(), loaded(insn));
            case ST -> store(insn, new Origin.Number(insn.imm()));
            case STX, STORE_RELEASE -> store(insn, memory.get(insn.src()));
            case ATOMIC -> atomic(insn);
            case LDDW -> memory.set(insn.dst(), constant(insn, at));
            case JCC -> branch(step, insn, at, next);
            case CALL_HELPER, CALL_KFUNC -> call(step, insn, at, next);
            case CALL_SUBPROG -> callFunction(at, next);
            case EXIT -> memory.pop();
            case LD_ABS, LD_IND -> memory.callClobbers(Origin.UNKNOWN);
            case JA, GOTO_REG, MAY_GOTO, LDDW_HI -> {}
        }
    }

    private void arithmetic(Insn insn) {
        Op op = insn.op();
        boolean immediate = op.operand() == Op.Operand.IMM;
        Origin right = immediate ? new Origin.Number(insn.imm()) : memory.get(insn.src());
        Origin left = memory.get(insn.dst());
        Origin result =
                switch (op.alu()) {
                    case MOV -> right;
                    case ADD -> sum(left, right);
                    case SUB ->
                        right instanceof Origin.Number number ? Origin.plus(left, -number.value()) : Origin.UNKNOWN;
                    case LSH, RSH, ARSH, AND -> narrowed(op.alu(), left, right);
                    default -> Origin.UNKNOWN;
                };
        memory.set(insn.dst(), result);
    }

    private static Origin sum(Origin left, Origin right) {
        if (right instanceof Origin.Number number) {
            return Origin.plus(left, number.value());
        }
        return left instanceof Origin.Number number ? Origin.plus(right, number.value()) : Origin.UNKNOWN;
    }

    private static Origin narrowed(Op.Alu alu, Origin left, Origin right) {
        if (left instanceof Origin.Result) {
            return right instanceof Origin.Number ? left : Origin.UNKNOWN;
        }
        if (left instanceof Origin.Number a && right instanceof Origin.Number b) {
            return new Origin.Number(
                    switch (alu) {
                        case LSH -> a.value() << b.value();
                        case RSH -> a.value() >>> b.value();
                        case ARSH -> a.value() >> b.value();
                        default -> a.value() & b.value();
                    });
        }
        return Origin.UNKNOWN;
    }

    private Origin loaded(Insn insn) {
        return memory.get(insn.src()) instanceof Origin.Stack base
                        && Origin.plus(base, insn.off()) instanceof Origin.Stack at
                ? memory.load(at, insn.op().widthBytes())
                : Origin.UNKNOWN;
    }

    private void store(Insn insn, Origin value) {
        if (memory.get(insn.dst()) instanceof Origin.Stack base
                && Origin.plus(base, insn.off()) instanceof Origin.Stack at) {
            memory.store(at, insn.op().widthBytes(), value);
        }
    }

    private void atomic(Insn insn) {
        store(insn, Origin.UNKNOWN);
        if (insn.op().atomic().fetches()) {
            memory.set(insn.op().atomic() == Op.Atomic.CMPXCHG ? 0 : insn.src(), Origin.UNKNOWN);
        }
    }

    private Origin constant(Insn insn, int at) {
        return switch (insn.op()) {
            case LDDW_IMM64 -> new Origin.Number(insn.imm());
            case LDDW_MAP_FD, LDDW_MAP_IDX -> {
                MapInfo map = map(insn);
                yield map == null ? Origin.UNKNOWN : new Origin.Map(map);
            }
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE -> {
                MapInfo map = map(insn);
                yield map == null ? Origin.UNKNOWN : new Origin.Variable(map, insn.immHigh());
            }
            case LDDW_FUNC -> new Origin.Function(at + insn.immLow() + 1);
            default -> Origin.UNKNOWN;
        };
    }

    private @Nullable MapInfo map(Insn insn) {
        return insn.immLow() >= 0 && insn.immLow() < unit.maps().size()
                ? unit.maps().get(insn.immLow())
                : null;
    }

    private void branch(int step, Insn insn, int at, int next) {
        boolean taken = next != at + 1;
        Origin operand = insn.op().operand() == Op.Operand.IMM ? new Origin.Number(insn.imm()) : memory.get(insn.src());
        Event.Outcome outcome = Event.Outcome.OPEN;
        if (operand instanceof Origin.Number number) {
            boolean zero = holds(insn.op(), 0, number.value()) == taken;
            boolean other = holds(insn.op(), SOME_ERROR, number.value()) == taken
                    || insn.op().is64() && holds(insn.op(), SOME_POINTER, number.value()) == taken;
            if (zero != other) {
                outcome = zero ? Event.Outcome.ZERO : Event.Outcome.NOT_ZERO;
            }
        }
        events.add(new Event.Branched(step, at, next, memory.get(insn.dst()), outcome));
    }

    private static boolean holds(Op op, long value, long number) {
        ScalarBranch.Taken taken =
                ScalarBranch.taken(op.cond(), op.is64(), ScalarValue.constant(value), ScalarValue.constant(number));
        return taken == ScalarBranch.Taken.ALWAYS;
    }

    private void call(int step, Insn insn, int at, int next) {
        Origin.Call call = call(step, at, insn);
        events.add(new Event.Called(call));
        if (next != at + 1) {
            memory.push(true, callbackArguments(call));
            return;
        }
        if (call.element() == null && LockFunction.of(call.function()) == null) {
            for (Origin arg : call.args()) {
                if (arg instanceof Origin.Stack stack) {
                    memory.forget(stack);
                }
            }
        }
        memory.callClobbers(new Origin.Result(call, 0));
    }

    /** The sources of what a callback is passed, as far as it gets what the caller has. */
    private Origin[] callbackArguments(Origin.Call call) {
        Callback callback = unit.kernel().helperSets().traits(call.function()).callback();
        if (callback == null) {
            return new Origin[0];
        }
        return callback.args().stream()
                .map(arg -> switch (arg.source()) {
                    case REGISTER -> call.arg(arg.regno());
                    case VALUE -> call.element() == null ? Origin.UNKNOWN : new Origin.Result(call, 0);
                    default -> Origin.UNKNOWN;
                })
                .toArray(Origin[]::new);
    }

    private Origin.Call call(int step, int at, Insn insn) {
        var args = new ArrayList<Origin>();
        for (int number = 1; number <= ARGUMENTS; number++) {
            args.add(memory.get(number));
        }
        String function = CallNames.of(unit, at, insn);
        boolean finds = insn.op() == Op.CALL_HELPER
                && (function.startsWith("bpf_map_lookup") || insn.immLow() == HelperIds.BPF_FUNC_FOR_EACH_MAP_ELEM);
        MapInfo element = finds && args.getFirst() instanceof Origin.Map map ? map.map() : null;
        String key = element == null || !function.startsWith("bpf_map_lookup") ? null : key(element, args.get(1));
        return new Origin.Call(step, at, function, List.copyOf(args), element, key);
    }

    private @Nullable String key(MapInfo map, Origin pointer) {
        int size = map.keySize();
        if (size != Integer.BYTES && size != Long.BYTES && size != Short.BYTES && size != Byte.BYTES) {
            return null;
        }
        Long value =
                switch (pointer) {
                    case Origin.Stack at ->
                        memory.load(at, size) instanceof Origin.Number number ? (Long) number.value() : null;
                    case Origin.Variable at -> at.map().constant(at.offset(), size, false);
                    default -> null;
                };
        return value == null
                ? null
                : Long.toUnsignedString(size == Long.BYTES ? value : value & ((1L << size * Byte.SIZE) - 1));
    }

    private void callFunction(int at, int next) {
        if (next == at + 1) {
            memory.callClobbers(Origin.UNKNOWN);
            return;
        }
        var args = new Origin[ARGUMENTS];
        for (int number = 1; number <= ARGUMENTS; number++) {
            args[number - 1] = memory.get(number);
        }
        memory.push(false, args);
    }
}
