package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program, linked with the subprograms that it calls.
 *
 * <p>Instruction indices are slots, as in the kernel. What the loader would patch in is expressed by indices into the
 * owning {@link ProgramObject}: {@code LDDW_MAP_FD} and {@code LDDW_MAP_VALUE} carry the map's index in the lower half
 * of their immediate, {@code LDDW_BTF_ID} the kernel symbol's (upper half zero), {@code CALL_KFUNC} the kfunc's index
 * in its immediate (and zero in its offset).
 * {@code CALL_SUBPROG} and {@code LDDW_FUNC} carry slot distances, as in the encoding.
 *
 * @param name name of its main function
 * @param section section that it came from, without a leading {@code ?}
 * @param type what kind of program it is
 * @param attachType expected attach type
 * @param attachTarget what the section's name says after the slash (function, tracepoint, ...), or null; for a
 *     {@code struct_ops} program that a struct of the object refers to, type and member:
 *     {@code tcp_congestion_ops.init}
 * @param sleepable whether it may sleep ({@code .s} sections)
 * @param autoload false if the section's name starts with {@code ?}
 * @param insns linked instructions: main function first, then the subprograms
 * @param subprogs functions in {@link #insns()}, by start; the first is the main function
 * @param lines source lines, by slot
 */
public record Program(
        String name,
        String section,
        ProgType type,
        AttachType attachType,
        @Nullable String attachTarget,
        boolean sleepable,
        boolean autoload,
        List<Insn> insns,
        List<Subprog> subprogs,
        List<LineInfo> lines) {

    /** A program without an attach target and source lines, which does not sleep. */
    public static Program of(
            String name,
            String section,
            ProgType type,
            AttachType attachType,
            List<Insn> insns,
            List<Subprog> subprogs) {
        return new Program(name, section, type, attachType, null, false, true, insns, subprogs, List.of());
    }

    /** Returns the struct that it implements a function of, without its type's flavor; empty if it implements none. */
    public String structName() {
        int dot = attachTarget == null ? -1 : attachTarget.indexOf('.');
        if (attachTarget == null || dot < 0) {
            return "";
        }
        return attachTarget.substring(0, Btf.essentialNameLength(attachTarget.substring(0, dot)));
    }

    /** Returns the name of that function; what the section's name says where there is no struct. */
    public String memberName() {
        return attachTarget == null ? "" : attachTarget.substring(attachTarget.indexOf('.') + 1);
    }

    /** The same program, which may sleep. */
    public Program asSleepable() {
        return new Program(name, section, type, attachType, attachTarget, true, autoload, insns, subprogs, lines);
    }

    /** The source line that the slot comes from, or null. */
    public @Nullable LineInfo lineAt(int insn) {
        int low = 0;
        int high = lines.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (lines.get(middle).insn() <= insn) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < 0 ? null : lines.get(high);
    }

    /** The function that holds the slot. */
    public Subprog subprogAt(int insn) {
        for (Subprog subprog : subprogs) {
            if (insn >= subprog.start() && insn < subprog.end()) {
                return subprog;
            }
        }
        throw new IndexOutOfBoundsException("slot " + insn + " is in no function of " + name);
    }
}
