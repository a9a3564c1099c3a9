package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.SectionNames;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.programs.model.UnlinkedProgram;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes objects as text that {@link Assembler} reads back to the same instructions, maps, data and types. Source lines
 * become comments, as in the kernel's log; programs that could not be linked are mentioned in one.
 */
public final class AssemblyWriter {
    private static final int BYTES_PER_LINE = 32;
    private static final int MAX_COMMENT_CHARS = 1000;

    private final ProgramObject object;
    private final StringBuilder out = new StringBuilder();

    private AssemblyWriter(ProgramObject object) {
        this.object = object;
    }

    /** The whole object. */
    public static String write(ProgramObject object) {
        AssemblyWriter writer = new AssemblyWriter(object);
        writer.header();
        object.maps().forEach(map -> writer.map(map));
        object.programs().forEach(writer::program);
        object.unlinked().stream()
                .map(UnlinkedProgram::code)
                .filter(Objects::nonNull)
                .forEach(writer::program);
        writer.types(object.btf());
        return writer.out.isEmpty() ? "; no programs, maps or types\n" : writer.out.toString();
    }

    /**
     * One program of the object: instructions with names, labels and source lines; what is declared elsewhere is left
     * out.
     */
    public static String write(ProgramObject object, Program program) {
        AssemblyWriter writer = new AssemblyWriter(object);
        writer.program(program);
        return writer.out.toString();
    }

    private void line(String text) {
        out.append(text).append('\n');
    }

    private void header() {
        if (!object.license().isEmpty()) {
            line(".license " + Literals.quoted(object.license(), '"'));
        }
        for (KfuncRef kfunc : object.kfuncs()) {
            line(".kfunc " + Literals.name(kfunc.name()) + option(kfunc.weak(), "weak") + type(kfunc.btfFuncId()));
        }
        for (KsymRef ksym : object.ksyms()) {
            line(".ksym " + Literals.name(ksym.name()) + option(ksym.weak(), "weak")
                    + option(ksym.function(), "function") + option(ksym.typed(), "typed") + type(ksym.btfId()));
        }
        for (UnlinkedProgram unlinked : object.unlinked()) {
            String what = unlinked.code() == null ? " is left out: " : " is not loaded: ";
            line("; program " + comment(unlinked.name()) + what + comment(unlinked.reason()));
        }
    }

    private static String option(boolean on, String word) {
        return on ? " " + word : "";
    }

    private static String type(int btfId) {
        return btfId == 0 ? "" : " btf=" + btfId;
    }

    private void map(MapDef map) {
        line("");
        String section = map.section();
        byte[] data = map.initialData();
        if (section == null || data == null || !map.isGlobalData()) {
            line(".map " + Literals.name(map.name()) + " " + map.type().display());
            attributes(map, new MapDraft("", map.type(), new Span(1, 1, 1)));
            if (data != null) {
                line("    init_size " + data.length);
            }
        } else {
            MapDraft standard = MapDraft.section(section, object.fileName(), new Span(1, 1, 1));
            standard.valueSize = map.valueSize();
            line(".section " + Literals.name(section) + " size " + map.valueSize());
            line("    named " + Literals.name(map.name()));
            attributes(map, standard);
        }
        for (MapDef.Slot slot : map.slots()) {
            line("    slot " + slot.index() + " = " + Literals.name(slot.target()));
        }
        if (data != null) {
            bytes(data);
        }
        if (map.inner() != null) {
            line("    .inner " + Literals.name(map.inner().name()) + " "
                    + map.inner().type().display());
            attributes(map.inner(), new MapDraft("", map.type(), new Span(1, 1, 1)));
            line("    .end");
        }
    }

    /** The attributes that differ from what the reader assumes. */
    private void attributes(MapDef map, MapDraft standard) {
        attribute("key", Integer.toUnsignedLong(map.keySize()), standard.keySize);
        attribute("key btf", map.keyTypeId(), 0);
        attribute("value", Integer.toUnsignedLong(map.valueSize()), standard.valueSize);
        attribute("value btf", map.valueTypeId(), 0);
        attribute("max_entries", map.maxEntries(), standard.maxEntries);
        if (map.flags() != standard.flags) {
            line("    flags 0x" + Long.toHexString(map.flags()));
        }
        if (map.mapExtra() != standard.mapExtra) {
            line("    map_extra 0x" + Long.toHexString(map.mapExtra()));
        }
        attribute("numa_node", map.numaNode(), standard.numaNode);
        if (map.readOnly() != standard.readOnly) {
            line(map.readOnly() ? "    readonly" : "    writable");
        }
    }

    private void attribute(String key, long value, long standard) {
        if (value != standard) {
            line("    " + key + " " + value);
        }
    }

    /** Initial bytes, in lines; lines of zeros are left out. */
    private void bytes(byte[] data) {
        for (int offset = 0; offset < data.length; offset += BYTES_PER_LINE) {
            int end = Math.min(data.length, offset + BYTES_PER_LINE);
            boolean zero = true;
            for (int at = offset; at < end; at++) {
                zero &= data[at] == 0;
            }
            if (!zero) {
                line("    bytes " + offset + " \"" + HexFormat.ofDelimiter(" ").formatHex(data, offset, end) + "\"");
            }
        }
    }

    private void program(Program program) {
        ProgramSymbols symbols = new ProgramSymbols(object, program);
        Map<Integer, LineInfo> lines = new HashMap<>();
        program.lines().forEach(info -> lines.put(info.insn(), info));
        for (Subprog subprog : program.subprogs()) {
            line("");
            line(subprog.start() == 0 ? start(program, subprog) : start(symbols, subprog));
            for (int slot = subprog.start(); slot < subprog.end(); slot++) {
                Insn insn = program.insns().get(slot);
                if (insn.op() != Op.LDDW_HI) {
                    instruction(slot, insn, symbols, lines.get(slot));
                }
            }
        }
    }

    private static String start(ProgramSymbols symbols, Subprog subprog) {
        return (subprog.global() ? ".global " : ".func ")
                + Literals.name(symbols.function(subprog))
                + type(subprog.btfFuncId());
    }

    private static String start(Program program, Subprog main) {
        String section = (program.autoload() ? "" : "?") + program.section();
        Optional<SectionNames.Match> match = SectionNames.lookup(section);
        ProgType type = match.map(SectionNames.Match::type).orElse(ProgType.UNSPEC);
        AttachType attach = match.map(SectionNames.Match::attachType).orElse(AttachType.CGROUP_INET_INGRESS);
        String target = match.flatMap(SectionNames.Match::target).orElse(null);
        boolean sleepable = match.map(SectionNames.Match::sleepable).orElse(false);
        StringBuilder text = new StringBuilder(".program ")
                .append(Literals.name(program.name()))
                .append(' ')
                .append(Literals.quoted(section, '"'));
        if (program.type() != type || type == ProgType.UNSPEC) {
            text.append(" type=").append(program.type().display());
        }
        if (program.attachType() != attach) {
            text.append(" attach=").append(program.attachType().display());
        }
        String attachTarget = program.attachTarget();
        if (attachTarget != null && !attachTarget.equals(target)) {
            text.append(" target=").append(Literals.quoted(attachTarget, '"'));
        }
        if (program.sleepable() != sleepable) {
            text.append(" sleepable=").append(program.sleepable() ? 1 : 0);
        }
        return text.append(type(main.btfFuncId())).toString();
    }

    private void instruction(int slot, Insn insn, ProgramSymbols symbols, @Nullable LineInfo source) {
        String label = symbols.label(slot);
        if (label != null) {
            line(label + ":");
        }
        if (source != null && !source.text().isBlank()) {
            line("    ; " + comment(source.text().strip()) + " @ " + comment(source.file()) + ":" + source.line());
        }
        line("    " + Disassembler.text(slot, insn, symbols));
    }

    /** The text as it may stand in a comment: one line, not too long. */
    private static String comment(String text) {
        String line = text.length() > MAX_COMMENT_CHARS ? text.substring(0, MAX_COMMENT_CHARS) : text;
        return line.replace('\n', ' ').replace('\r', ' ');
    }

    private void types(Btf btf) {
        if (btf.size() <= 1) {
            return;
        }
        line("");
        line(".btf");
        for (int id = 1; id < btf.size(); id++) {
            List<String> lines = BtfText.lines(id, btf.type(id));
            lines.forEach(this::line);
        }
    }
}
