package dev.spinbpf.programs.isa;

import dev.spinbpf.programs.isa.Op.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Instructions to bytes, by the columns of {@link Op}: the inverse of {@link InsnDecoder}. */
public final class InsnEncoder {
    private InsnEncoder() {}

    /** Encodes little-endian; see {@link #encode(List, ByteOrder)}. */
    public static byte[] encode(List<Insn> insns) {
        return encode(insns, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Encodes a program.
     *
     * @param insns one element for each slot, {@link Insn#LDDW_SECOND_SLOT} after each wide load
     * @param order byte order of the fields and of the halves of the register byte
     * @return {@link Insn#SLOT_BYTES} bytes for each element
     * @throws IllegalArgumentException if a field that the row does not use is not zero, a value does not fit its
     *     field, or first and second slots of wide loads do not pair
     */
    public static byte[] encode(List<Insn> insns, ByteOrder order) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(insns.size(), Insn.SLOT_BYTES))
                .order(order);
        for (int slot = 0; slot < insns.size(); slot++) {
            Insn insn = insns.get(slot);
            boolean second = slot > 0 && insns.get(slot - 1).slots() > 1;
            if (second != (insn.op() == Op.LDDW_HI) || insn.slots() > 1 && slot + 1 == insns.size()) {
                throw new IllegalArgumentException(
                        "slot " + slot + ": " + insn.op() + " where the slots of a wide load do not pair");
            }
            put(bytes, slot, insn, second ? insns.get(slot - 1).immHigh() : (int) insn.imm());
        }
        return bytes.array();
    }

    private static void put(ByteBuffer bytes, int slot, Insn insn, int imm) {
        Op op = insn.op();
        check(slot, insn, Field.DST, insn.dst(), 0, Insn.FRAME_POINTER);
        check(slot, insn, Field.SRC, insn.src(), 0, Insn.FRAME_POINTER);
        check(slot, insn, Field.OFF, insn.off(), Short.MIN_VALUE, Short.MAX_VALUE);
        if (insn.slots() == 1) {
            check(slot, insn, Field.IMM, insn.imm(), Integer.MIN_VALUE, Integer.MAX_VALUE);
        } else if (!op.hasUpperImm() && insn.immHigh() != 0) {
            throw new IllegalArgumentException("slot " + slot + ": " + op + ": the immediate's upper half is reserved");
        }
        int dst = insn.dst();
        int src = op.keyField() == Field.SRC ? op.key() : insn.src();
        boolean little = bytes.order().equals(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) op.opcode());
        bytes.put((byte) (little ? src << 4 | dst : dst << 4 | src));
        bytes.putShort((short) (op.keyField() == Field.OFF ? op.key() : insn.off()));
        bytes.putInt(op.keyField() == Field.IMM ? op.key() : imm);
    }

    private static void check(int slot, Insn insn, Field field, long value, long least, long most) {
        boolean used = insn.op().uses(field);
        if (used ? value < least || value > most : value != 0) {
            throw new IllegalArgumentException("slot %d: %s: field %s is %d, expected %s"
                    .formatted(slot, insn.op(), field, value, used ? least + " to " + most : "0"));
        }
    }
}
