package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import org.jspecify.annotations.Nullable;

/** Names of places, locks and objects, as the program means them. */
final class Names {
    private final ProgramUnit unit;
    private final int refused;

    Names(Exploration path) {
        this.unit = path.unit();
        this.refused = path.insnIndex();
    }

    /** The place of an instruction. */
    Location location(int insn) {
        String function = functionAt(insn);
        LineInfo line = insn < 0 ? null : unit.program().lineAt(insn);
        return line == null
                ? new Location(function, "", 0, 0, insn, "")
                : new Location(
                        function,
                        line.file(),
                        line.line(),
                        line.column(),
                        insn,
                        line.text().strip());
    }

    private String functionAt(int insn) {
        return insn < 0 || insn >= unit.length()
                ? unit.program().name()
                : unit.program().subprogAt(insn).name();
    }

    /**
     * The place as it is said within a sentence: {@code line 12}; {@code line 12:41} within the line of the refused instruction, or
     * {@code insn 3} where that says nothing.
     */
    String line(int insn) {
        LineInfo line = unit.program().lineAt(insn);
        LineInfo here = unit.program().lineAt(refused);
        if (line != null && here != null && insn != refused && line.line() == here.line()) {
            boolean sameColumn = line.column() == 0 || line.column() == here.column();
            return sameColumn ? "insn " + insn : "line " + line.line() + ":" + line.column();
        }
        return line == null ? "insn " + insn : "line " + line.line();
    }

    /** The map's variable: the section for global data. */
    static String map(MapInfo map) {
        return map.def().name();
    }

    /** The variable or member at a place; null if it has no name. */
    @Nullable
    String place(Origin origin) {
        return switch (origin) {
            case Origin.Variable variable -> variable(variable.map(), variable.offset());
            case Origin.Result result
            when result.call().element() != null ->
                element(result.call().element(), result.call().key(), result.offset());
            default -> null;
        };
    }

    /** The lock at a place; a lock of the owner where the place is not known. */
    String lock(Origin origin, @Nullable Object owner) {
        String name = place(origin);
        return name != null ? name : lockOf(owner);
    }

    /** The lock that was acquired. */
    String lock(AcquiredReference reference) {
        return lockOf(reference.lockOwner());
    }

    /** The lock that values of a map or objects of a type hold: each has at most one of a kind. */
    String lockOf(@Nullable Object owner) {
        return switch (owner) {
            case MapInfo map -> {
                BtfField field = lockField(map.record());
                String name = field == null ? null : valueMember(map, field.offset());
                yield name != null ? name : "a lock of `" + map(map) + "`";
            }
            case RegPayload.BtfRef type -> {
                BtfField field = lockField(unit.structRecord(type));
                String struct = type.btf().type(type.typeId()).name();
                yield field == null
                        ? "a lock of a " + struct
                        : struct
                                + FieldNames.at(type.btf(), type.typeId(), field.offset())
                                        .path();
            }
            case null, default -> "a lock";
        };
    }

    private static boolean isLock(BtfField.Kind kind) {
        return kind == BtfField.Kind.BPF_SPIN_LOCK || kind == BtfField.Kind.BPF_RES_SPIN_LOCK;
    }

    private static @Nullable BtfField lockField(BtfRecord record) {
        return record.fields().stream()
                .filter(field -> isLock(field.kind()))
                .findFirst()
                .orElse(null);
    }

    /** The member at an offset in any value of a map. */
    @Nullable
    String valueMember(MapInfo map, long offset) {
        return map.def().isGlobalData() ? variable(map, offset) : element(map, null, offset);
    }

    private static @Nullable String variable(MapInfo map, long offset) {
        Btf btf = map.btf();
        if (btf.resolved(map.def().valueTypeId()) instanceof BtfType.DataSec section) {
            for (BtfType.SecVar entry : section.vars()) {
                boolean within = offset >= entry.offset() && offset < entry.offset() + Math.max(1, entry.sizeBytes());
                if (within && btf.type(entry.varTypeId()) instanceof BtfType.Var variable) {
                    return variable.name()
                            + FieldNames.at(btf, variable.typeId(), offset - entry.offset())
                                    .path();
                }
            }
        }
        return null;
    }

    private static String element(MapInfo map, @Nullable String key, long offset) {
        String member = map.def().valueTypeId() == 0
                ? (offset == 0 ? "" : "+" + offset)
                : FieldNames.at(map.btf(), map.def().valueTypeId(), offset).path();
        return map(map) + "[" + (key == null ? "key" : key) + "]" + member;
    }

    /** A value as a sentence names it; null if it has no name. */
    @Nullable
    String value(Origin origin) {
        return switch (origin) {
            case Origin.Result result -> "the result of " + call(result.call());
            case Origin.Variable variable -> {
                String name = variable(variable.map(), variable.offset());
                yield name == null ? null : "`" + name + "`";
            }
            case Origin.Stack _ -> "a variable on the stack";
            case Origin.Map map -> "map `" + map(map.map()) + "`";
            case Origin.Number number -> "the number " + number.value();
            case Origin.Argument argument when argument.number() == 1 -> "the context";
            case Origin.Argument _, Origin.Function _, Origin.Unknown _ -> null;
        };
    }

    /** A call as a sentence names it: {@code bpf_map_lookup_elem(&m) at line 7}. */
    String call(Origin.Call call) {
        return shortCall(call) + " at " + line(call.insn());
    }

    /** A call without its place. */
    String shortCall(Origin.Call call) {
        String first = call.args().getFirst() instanceof Origin.Map map
                ? "&" + map(map.map())
                : LockFunction.of(call.function()) == null
                        ? null
                        : place(call.args().getFirst());
        boolean isPlace = first != null && !first.startsWith("&");
        return call.function() + "(" + (isPlace ? "&" : "") + (first == null ? "" : first) + ")";
    }
}
