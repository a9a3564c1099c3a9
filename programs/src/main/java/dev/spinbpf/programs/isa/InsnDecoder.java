package dev.spinbpf.programs.isa;

import dev.spinbpf.programs.isa.InsnProblem.What;
import dev.spinbpf.programs.isa.Op.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to instructions, by the columns of {@link Op}.
 *
 * <p>A field that an operation does not use must be zero: that is what leaves room for extensions, and what Linux
 * checks before it looks at a program any further. Fields that a loader fills in (map, function and type numbers, both
 * halves of a wide load) are kept as they are.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9669#section-3">RFC 9669, section 3</a>
 */
public final class InsnDecoder {
    private static final List<List<Op>> BY_OPCODE = byOpcode();

    private InsnDecoder() {}

    /**
     * Decodes a little-endian program.
     *
     * @param bytes whole slots of {@link Insn#SLOT_BYTES} bytes
     * @return one element for each slot
     * @throws InvalidInsnException at the first slot that is no instruction
     */
    public static List<Insn> decode(byte[] bytes) throws InvalidInsnException {
        return decode(ByteBuffer.wrap(bytes), ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Decodes what remains in the buffer, whose position does not move.
     *
     * @param order byte order of the fields; it also says which half of the register byte names the destination
     * @return one element for each slot; the second one of a wide load is {@link Insn#LDDW_SECOND_SLOT}
     * @throws InvalidInsnException at the first slot that is no instruction
     */
    public static List<Insn> decode(ByteBuffer buffer, ByteOrder order) throws InvalidInsnException {
        ByteBuffer bytes = buffer.slice().order(order);
        int slots = bytes.remaining() / Insn.SLOT_BYTES;
        List<Insn> insns = new ArrayList<>(slots);
        while (insns.size() < slots) {
            int slot = insns.size();
            Insn insn = decodeSlot(Slot.read(bytes, slot));
            if (insn.slots() > 1) {
                insn = withSecondSlot(insn, slot, slot + 1 < slots ? Slot.read(bytes, slot + 1) : null);
                insns.add(insn);
                insn = Insn.LDDW_SECOND_SLOT;
            }
            insns.add(insn);
        }
        int rest = bytes.remaining() % Insn.SLOT_BYTES;
        if (rest != 0) {
            throw new InvalidInsnException(
                    new InsnProblem(What.PARTIAL_SLOT, slots, 0, null, Field.NONE, rest, List.of()));
        }
        return insns;
    }

    private static Insn decodeSlot(Slot raw) throws InvalidInsnException {
        for (Field field : List.of(Field.DST, Field.SRC)) {
            if (raw.get(field) > Insn.FRAME_POINTER) {
                throw raw.problem(What.INVALID_REGISTER, null, field, List.of());
            }
        }
        List<Op> candidates = BY_OPCODE.get(raw.opcode());
        if (candidates.isEmpty()) {
            throw raw.problem(What.UNKNOWN_OPCODE, null, Field.NONE, List.of());
        }
        Op op = select(candidates, raw);
        for (Field field : List.of(Field.DST, Field.SRC, Field.OFF, Field.IMM)) {
            if (!op.uses(field) && op.keyField() != field && raw.get(field) != 0) {
                throw raw.problem(What.RESERVED_FIELD, op, field, allowed(candidates, field));
            }
        }
        return new Insn(
                op,
                operand(op, Field.DST, raw),
                operand(op, Field.SRC, raw),
                operand(op, Field.OFF, raw),
                operand(op, Field.IMM, raw));
    }

    private static int operand(Op op, Field field, Slot raw) {
        return op.keyField() == field ? 0 : raw.get(field);
    }

    private static Op select(List<Op> candidates, Slot raw) throws InvalidInsnException {
        Op unkeyed = null;
        for (Op op : candidates) {
            if (op.keyField() == Field.NONE) {
                unkeyed = op;
            } else if (raw.get(op.keyField()) == op.key()) {
                return op;
            }
        }
        if (unkeyed != null) {
            return unkeyed;
        }
        Field key = candidates.getFirst().keyField();
        throw raw.problem(What.UNKNOWN_VARIANT, null, key, allowed(candidates, key));
    }

    /** The values that the field may have in a row of these: its keys, and 0 where it is reserved. */
    private static List<Integer> allowed(List<Op> candidates, Field field) {
        TreeSet<Integer> values = new TreeSet<>();
        for (Op op : candidates) {
            values.add(op.keyField() == field ? op.key() : 0);
        }
        return List.copyOf(values);
    }

    private static Insn withSecondSlot(Insn first, int slot, @Nullable Slot second) throws InvalidInsnException {
        Op op = first.op();
        if (second == null) {
            throw new InvalidInsnException(
                    new InsnProblem(What.CUT_SHORT, slot, op.opcode(), op, Field.NONE, op.opcode(), List.of()));
        }
        if (second.opcode() != Op.LDDW_HI.opcode()) {
            throw new InvalidInsnException(
                    new InsnProblem(What.CUT_SHORT, slot + 1, op.opcode(), op, Field.NONE, second.opcode(), List.of()));
        }
        for (Field field : List.of(Field.DST, Field.SRC, Field.OFF)) {
            if (second.get(field) != 0) {
                throw second.problem(What.RESERVED_FIELD, Op.LDDW_HI, field, List.of(0));
            }
        }
        if (second.imm() != 0 && !op.hasUpperImm()) {
            throw new InvalidInsnException(new InsnProblem(
                    What.RESERVED_FIELD, slot + 1, op.opcode(), op, Field.IMM, second.imm(), List.of(0)));
        }
        long imm = Integer.toUnsignedLong(first.immLow()) | (long) second.imm() << Integer.SIZE;
        return new Insn(op, first.dst(), 0, 0, imm);
    }

    private static List<List<Op>> byOpcode() {
        List<List<Op>> table = new ArrayList<>();
        for (int opcode = 0; opcode < 256; opcode++) {
            List<Op> rows = new ArrayList<>();
            for (Op op : Op.values()) {
                if (op.opcode() == opcode && op.kind() != Op.Kind.LDDW_HI) {
                    rows.add(op);
                }
            }
            table.add(List.copyOf(rows));
        }
        return List.copyOf(table);
    }

    /** The fields of a slot as they stand in the bytes. */
    private record Slot(int slot, int opcode, int dst, int src, int off, int imm) {
        static Slot read(ByteBuffer bytes, int slot) {
            int at = slot * Insn.SLOT_BYTES;
            int registers = Byte.toUnsignedInt(bytes.get(at + 1));
            boolean little = bytes.order().equals(ByteOrder.LITTLE_ENDIAN);
            int low = registers & 0xf;
            int high = registers >>> 4;
            return new Slot(
                    slot,
                    Byte.toUnsignedInt(bytes.get(at)),
                    little ? low : high,
                    little ? high : low,
                    bytes.getShort(at + 2),
                    bytes.getInt(at + 4));
        }

        int get(Field field) {
            return switch (field) {
                case DST -> dst;
                case SRC -> src;
                case OFF -> off;
                case IMM -> imm;
                case NONE -> throw new IllegalArgumentException("no field");
            };
        }

        InvalidInsnException problem(What what, @Nullable Op op, Field field, List<Integer> expected) {
            long value = field == Field.NONE ? opcode : get(field);
            return new InvalidInsnException(new InsnProblem(what, slot, opcode, op, field, value, expected));
        }
    }
}
