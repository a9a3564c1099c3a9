package dev.spinbpf.verifier.log;

import dev.spinbpf.programs.asm.Disassembler;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.StatePrinter;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Prints states, instructions and source lines to the log, character for character as Linux 7.2 does.
 *
 * <p>Serves one verification: it remembers the source line and the instruction printed last.
 */
public final class LogStatePrinter implements StatePrinter {
    private static final int COMMENT_COLUMN = 40;
    private static final int COLUMN_STEP = 8;

    private @Nullable LineInfo previousLine;
    private int previousLinePass = -1;
    private int insnEnd;
    private int insnLength;

    @Override
    public void printState(Exploration path, VerifierState state, int frameno, boolean all) {
        StringBuilder out = new StringBuilder();
        FuncState frame = state.frame(frameno);
        if (frame.frameno() != 0) {
            out.append(" frame").append(frame.frameno()).append(':');
        }
        for (int i = 0; i < FuncState.REGISTERS; i++) {
            RegState reg = frame.reg(i);
            if (reg.type() != RegType.NOT_INIT && (all || (path.log().scratchedRegs >>> i & 1) != 0)) {
                out.append(" R").append(i).append('=');
                appendReg(out, frame, reg);
            }
        }
        appendStack(out, frame, all ? -1 : path.log().scratchedSlots);
        appendReferences(out, state.references());
        if (frame.inCallback()) {
            out.append(" cb");
        }
        if (frame.inAsyncCallback()) {
            out.append(" async_cb");
        }
        path.log().append(out.append('\n').toString());
        if (!all) {
            path.log().scratchedRegs = 0;
            path.log().scratchedSlots = 0;
        }
    }

    @Override
    public void printInsnState(Exploration path, VerifierState state, int frameno) {
        VerifierLog log = path.log();
        if (insnEnd != 0 && insnEnd == log.position()) {
            log.reopenLine();
            log.append(" ".repeat(padding(insnLength)) + ";");
        } else {
            log.append(path.insnIndex() + ":");
        }
        printState(path, state, frameno, false);
    }

    /** Spaces from the end of a line of this length to the column of comments. */
    private static int padding(int length) {
        int column = Math.max(length + COLUMN_STEP / 2, COMMENT_COLUMN);
        int rounded = (column + COLUMN_STEP - 1) / COLUMN_STEP * COLUMN_STEP;
        return Math.max(rounded - length - 1, 1);
    }

    @Override
    public void printInsn(Exploration path, Insn insn, int insnIndex) {
        VerifierLog log = path.log();
        String line = insnText(path, insn, insnIndex) + "\n";
        log.append(line);
        insnLength = line.length();
        insnEnd = log.position();
    }

    @Override
    public void printLiveRegs(Exploration path) {
        var out = new StringBuilder("Live regs before insn:\n");
        for (int i = 0; i < path.unit().length(); i += path.unit().insn(i).slots()) {
            InsnAux aux = path.unit().aux(i);
            out.append(aux.scc == 0 ? "    " : "%3d ".formatted(aux.scc));
            out.append("%3d: ".formatted(i));
            for (int reg = 0; reg < Insn.FRAME_POINTER; reg++) {
                out.append((aux.liveRegsBefore >>> reg & 1) != 0 ? (char) ('0' + reg) : '.');
            }
            String text = Disassembler.logText(path.unit().insn(i), call -> kfuncName(path, call));
            out.append(' ').append(text);
            if (aux.needsUpperHalfZeroed) {
                out.append(" ".repeat(padding(text.length()))).append("; zext");
            }
            out.append('\n');
        }
        path.log().append(out.toString());
    }

    @Override
    public String insnText(Exploration path, int insnIndex) {
        return insnText(path, path.unit().insn(insnIndex), insnIndex);
    }

    private static String insnText(Exploration path, Insn insn, int insnIndex) {
        return insnIndex + ": " + Disassembler.logText(insn, call -> kfuncName(path, call));
    }

    private static @Nullable String kfuncName(Exploration path, Insn call) {
        int index = call.immLow();
        boolean known = call.op() == Op.CALL_KFUNC
                && index >= 0
                && index < path.unit().object().kfuncs().size();
        return known ? path.unit().object().kfuncs().get(index).name() : null;
    }

    @Override
    public void printSourceLine(Exploration path, int insnIndex, String prefix) {
        if (previousLinePass != path.passCount()) {
            previousLinePass = path.passCount();
            previousLine = null;
        }
        LineInfo line = path.unit().program().lineAt(insnIndex);
        if (line == null || isSame(line, previousLine)) {
            return;
        }
        path.log().append(prefix + line.text().stripLeading() + " @ " + line.place() + "\n");
        previousLine = line;
    }

    private static boolean isSame(LineInfo line, @Nullable LineInfo previous) {
        return previous != null
                && previous.line() == line.line()
                && previous.file().equals(line.file());
    }

    private static void appendReg(StringBuilder out, FuncState frame, RegState reg) {
        RegType type = reg.type();
        if (reg.isScalar() && reg.precise()) {
            out.append('P');
        }
        if (reg.isScalar() && reg.isConst()) {
            out.append(Numbers.signed(reg.constValue()));
            return;
        }
        out.append(reg.typeText());
        if (type == RegType.PTR_TO_ARENA) {
            return;
        }
        if (type == RegType.PTR_TO_STACK) {
            if (frame.frameno() != reg.frameno()) {
                out.append('[').append(reg.frameno()).append(']');
            }
            if (reg.isConst()) {
                out.append(Numbers.signed(reg.constValue() + reg.delta()));
                return;
            }
        }
        if (type == RegType.PTR_TO_BTF_ID) {
            RegPayload.BtfRef ref = reg.btfRef();
            out.append(ref.btf().type(ref.typeId()).name());
        }
        out.append('(');
        String separator = appendIdentity(out, reg);
        separator = appendPayload(out, reg, separator);
        appendValue(out, reg, separator);
        out.append(')');
    }

    private static String appendIdentity(StringBuilder out, RegState reg) {
        String separator = "";
        if (reg.id() != 0) {
            out.append("id=").append(reg.baseId());
            separator = ",";
        }
        if ((reg.id() & RegState.ADD_CONST) != 0) {
            out.append(reg.delta() < 0 ? "" : "+").append(reg.delta());
        }
        if (reg.parentId() != 0) {
            out.append(separator).append("parent_id=").append(reg.parentId());
            separator = ",";
        }
        if (reg.isNonOwningRef()) {
            out.append(separator).append("non_own_ref");
            separator = ",";
        }
        return separator;
    }

    private static String appendPayload(StringBuilder out, RegState reg, String separator) {
        String before = separator;
        if (reg.payload() instanceof RegPayload.MapRef ref) {
            if (!ref.map().name().isEmpty()) {
                out.append(before).append("map=").append(ref.map().name());
                before = ",";
            }
            out.append(before).append("ks=").append(ref.map().keySize());
            out.append(",vs=").append(ref.map().valueSize());
            before = ",";
        }
        if (!reg.isScalar() && reg.delta() != 0) {
            out.append(before).append("off=").append(Numbers.signed(reg.delta()));
            before = ",";
        }
        if (reg.isPacketPointer()) {
            out.append(before).append("r=").append(Numbers.unsigned(reg.range()));
            before = ",";
        }
        if (reg.payload() instanceof RegPayload.MemSize size) {
            out.append(before).append("sz=").append(Numbers.unsigned(size.sizeBytes()));
            before = ",";
        }
        if (reg.type() == RegType.CONST_PTR_TO_DYNPTR && reg.payload() instanceof RegPayload.Dynptr dynptr) {
            out.append(before).append("type=").append(dynptr.type().display());
            before = ",";
        }
        return before;
    }

    private static void appendValue(StringBuilder out, RegState reg, String separator) {
        if (reg.isConst()) {
            if (reg.constValue() != 0) {
                out.append(separator).append("imm=").append(Numbers.signed(reg.constValue()));
            }
            return;
        }
        String before = Numbers.appendRanges(out, reg.value(), separator);
        if (!reg.value().varOff().isUnknown()) {
            out.append(before)
                    .append("var_off=")
                    .append(Numbers.bits(reg.value().varOff()));
        }
    }

    /** Appends the slots whose bits are set in {@code shown}; slots beyond the 64th are shown only with all. */
    private static void appendStack(StringBuilder out, FuncState frame, long shown) {
        for (int spi = 0; spi < frame.slots(); spi++) {
            if ((shown >>> spi & 1) != 0 && hasContent(frame.slot(spi))) {
                spi = appendSlot(out, frame, spi);
            }
        }
    }

    private static boolean hasContent(StackSlot slot) {
        for (int i = 0; i < StackSlot.BYTES; i++) {
            SlotType type = slot.type(i);
            if (type != SlotType.INVALID && type != SlotType.POISON) {
                return true;
            }
        }
        return false;
    }

    /** Appends a slot, for a dynptr both of its slots; returns the last one that it covers. */
    private static int appendSlot(StringBuilder out, FuncState frame, int spi) {
        StackSlot slot = frame.slot(spi);
        switch (slot.last()) {
            case SPILL -> {
                appendOffset(out, spi).append('=').append(typesBelowSpill(slot));
                appendReg(out, frame, slot.spilled());
            }
            case DYNPTR -> {
                int main = Math.min(spi + 1, frame.slots() - 1);
                appendDynptr(appendOffset(out, main), frame.slot(main).spilled());
                return main;
            }
            case ITER -> {
                if (slot.spilled().id() != 0 && slot.spilled().payload() instanceof RegPayload.Iter iter) {
                    appendIter(appendOffset(out, spi), slot.spilled().id(), iter);
                }
            }
            case INVALID, MISC, ZERO, IRQ_FLAG, POISON ->
                appendOffset(out, spi).append('=').append(types(slot));
        }
        return spi;
    }

    private static StringBuilder appendOffset(StringBuilder out, int spi) {
        return out.append(" fp").append(-(spi + 1) * StackSlot.BYTES);
    }

    private static String types(StackSlot slot) {
        var text = new StringBuilder(StackSlot.BYTES);
        for (int i = 0; i < StackSlot.BYTES; i++) {
            text.append(slot.type(i).display());
        }
        return text.toString();
    }

    /** The bytes of the slot that a spill of less than eight bytes left alone. */
    private static String typesBelowSpill(StackSlot slot) {
        String all = types(slot);
        int spill = all.indexOf(SlotType.SPILL.display());
        return all.substring(0, spill);
    }

    private static void appendDynptr(StringBuilder out, RegState reg) {
        String type = reg.payload() instanceof RegPayload.Dynptr dynptr
                ? dynptr.type().display()
                : "<invalid>";
        out.append("=dynptr_").append(type).append('(');
        String separator = "";
        if (reg.id() != 0) {
            out.append("id=").append(reg.id());
            separator = ",";
        }
        if (reg.parentId() != 0) {
            out.append(separator).append("parent_id=").append(reg.parentId());
        }
        out.append(')');
    }

    private static void appendIter(StringBuilder out, int id, RegPayload.Iter iter) {
        String name = iter.btf().type(iter.typeId()).name();
        String prefix = "bpf_iter_";
        out.append("=iter_").append(name.startsWith(prefix) ? name.substring(prefix.length()) : name);
        out.append("(id=").append(id);
        out.append(",state=").append(iter.drained() ? "drained" : "active");
        out.append(",depth=").append(iter.depth()).append(')');
    }

    private static void appendReferences(StringBuilder out, List<AcquiredReference> references) {
        if (references.isEmpty() || references.getFirst().id() == 0) {
            return;
        }
        out.append(" refs=").append(references.getFirst().id());
        for (AcquiredReference reference : references.subList(1, references.size())) {
            if (reference.id() != 0) {
                out.append(',').append(reference.id());
            }
        }
    }
}
