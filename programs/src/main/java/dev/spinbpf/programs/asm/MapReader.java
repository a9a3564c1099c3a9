package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.AttributeContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.NameContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.NumberContext;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.antlr.v4.runtime.ParserRuleContext;
import org.jspecify.annotations.Nullable;

/** Reads the lines that describe maps and sections of global data. */
final class MapReader {

    private static final long U32_MAX = 0xffff_ffffL;
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private final Diagnostics diagnostics;
    private final Literals literals;
    private final String fileName;
    private long dataBytes;
    private @Nullable MapDraft open;
    private @Nullable MapDraft outer;

    MapReader(Diagnostics diagnostics, Literals literals, String fileName) {
        this.diagnostics = diagnostics;
        this.literals = literals;
        this.fileName = fileName;
    }

    /** Begins a map. */
    MapDraft map(BpfAsmParser.MapStartContext c) {
        MapDraft map = new MapDraft(literals.name(c.name(0)), type(c.type), Span.of(c));
        open = map;
        outer = null;
        return map;
    }

    /** Begins a section. */
    MapDraft section(BpfAsmParser.SectionStartContext c) {
        MapDraft map = MapDraft.section(literals.name(c.section), fileName, Span.of(c));
        if (c.number() != null) {
            grow(map, c.number(), literals.number(c.number(), 0, ProgramObject.MAX_DATA_BYTES));
        }
        open = map;
        outer = null;
        return map;
    }

    /** Begins the template of the open map's inner map. */
    void inner(BpfAsmParser.InnerStartContext c) {
        if (open == null || outer != null || open.section != null) {
            diagnostics.error(Span.of(c), ".inner belongs into a .map, and not into another .inner");
            return;
        }
        outer = open;
        open = new MapDraft(literals.name(c.name(0)), type(c.type), Span.of(c));
        outer.inner = open;
    }

    /** Ends the template of an inner map. */
    void endInner(BpfAsmParser.InnerEndContext c) {
        if (outer == null) {
            diagnostics.error(Span.of(c), ".end without .inner");
            return;
        }
        open = outer;
        outer = null;
    }

    /** Ends what is open. */
    void close() {
        open = null;
        outer = null;
    }

    private MapType type(NameContext c) {
        String spelling = literals.name(c).toUpperCase(Locale.ROOT);
        for (MapType type : MapType.values()) {
            if (type.name().equals(spelling)) {
                return type;
            }
        }
        diagnostics.error(Span.of(c), "there is no kind of map '" + literals.name(c) + "'");
        return MapType.UNSPEC;
    }

    void read(AttributeContext context) {
        MapDraft map = open;
        if (map == null) {
            diagnostics.error(Span.of(context), "this belongs into a .map or a .section");
            return;
        }
        switch (context) {
            case BpfAsmParser.SizeAttributeContext c -> {
                int size = literals.bits32(c.number());
                if (c.key.getText().equals("key")) {
                    map.keySize = size;
                } else if (map.section == null) {
                    map.valueSize = size;
                } else {
                    diagnostics.error(Span.of(c), "a section's size is given after its name");
                }
            }
            case BpfAsmParser.TypeAttributeContext c -> {
                int id = (int) literals.number(c.number(), 1, Integer.MAX_VALUE);
                if (c.key.getText().equals("key")) {
                    map.keyTypeId = id;
                } else {
                    map.valueTypeId = id;
                }
            }
            case BpfAsmParser.NumberAttributeContext c -> number(map, c);
            case BpfAsmParser.AccessAttributeContext c ->
                map.readOnly = c.key.getText().equals("readonly");
            case BpfAsmParser.NameAttributeContext c -> map.name = literals.name(c.name());
            case BpfAsmParser.LockAttributeContext c -> member(map, c, "lock", c.type, -1, offset(c.number()));
            case BpfAsmParser.FieldAttributeContext c ->
                member(map, c, literals.name(c.name(0)), c.type, count(c.count), offset(c.offset));
            case BpfAsmParser.SlotAttributeContext c ->
                map.slots.add(new MapDef.Slot(literals.bits32(c.number()), literals.name(c.name())));
            case BpfAsmParser.BytesAttributeContext c -> bytes(map, c);
            case BpfAsmParser.VariableAttributeContext c -> variable(map, c);
            default -> throw new AssertionError(context.getClass());
        }
    }

    private void number(MapDraft map, BpfAsmParser.NumberAttributeContext c) {
        switch (c.key.getText()) {
            case "max_entries" -> map.maxEntries = literals.number(c.number(), 0, U32_MAX);
            case "flags" -> map.flags = literals.bits64(c.number());
            case "map_extra" -> map.mapExtra = literals.bits64(c.number());
            case "numa_node" -> map.numaNode = literals.bits32(c.number());
            default -> grow(map, c, literals.number(c.number(), 0, ProgramObject.MAX_DATA_BYTES));
        }
    }

    private int offset(NumberContext c) {
        return (int) literals.number(c, 0, ProgramObject.MAX_DATA_BYTES);
    }

    private int count(@Nullable NumberContext c) {
        return c == null ? -1 : (int) literals.number(c, 1, ProgramObject.MAX_DATA_BYTES);
    }

    private void variable(MapDraft map, BpfAsmParser.VariableAttributeContext c) {
        if (map.section == null) {
            diagnostics.error(Span.of(c), "a variable belongs into a .section");
            return;
        }
        String type = literals.name(c.type);
        int alignment = Math.clamp(BtfDraft.sizeOf(type), 1, Long.BYTES);
        int offset = c.offset == null
                ? Math.ceilDiv(map.end(), alignment) * alignment
                : (int) literals.number(c.offset, 0, ProgramObject.MAX_DATA_BYTES);
        MapDraft.Member member = member(map, c, literals.name(c.name(0)), c.type, count(c.count), offset);
        if (member == null || !grow(map, c, member.end()) || c.initializer() == null) {
            return;
        }
        List<NumberContext> values = c.initializer().number();
        int elements = Math.max(1, member.count());
        int size = member.size() / elements;
        if (values.size() > elements || size > Long.BYTES) {
            diagnostics.error(Span.of(c.initializer()), "expected at most " + elements + " numbers of at most 8 bytes");
            return;
        }
        for (int index = 0; index < values.size(); index++) {
            store(map, offset + index * size, size, values.get(index));
        }
    }

    private void store(MapDraft map, int offset, int size, NumberContext value) {
        long bits = size == Long.BYTES
                ? literals.bits64(value)
                : literals.number(value, -(1L << size * Byte.SIZE - 1), (1L << size * Byte.SIZE) - 1);
        byte[] little = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bits)
                .array();
        map.put(offset, little, size);
    }

    private MapDraft.@Nullable Member member(
            MapDraft map, ParserRuleContext at, String name, NameContext typeName, int count, int offset) {
        String type = literals.name(typeName);
        int size = BtfDraft.sizeOf(type);
        if (size < 0) {
            diagnostics.error(
                    Span.of(typeName),
                    "unknown type '" + type + "', expected u8 to s64, bpf_res_spin_lock, bpf_timer, ...");
            return null;
        }
        long total = (long) size * (count < 0 ? 1 : count);
        if (offset + total > ProgramObject.MAX_DATA_BYTES || map.section == null && offset + total > map.valueSize) {
            diagnostics.error(Span.of(at), "'" + name + "' ends after the value's " + map.valueSize + " bytes");
            return null;
        }
        MapDraft.Member member = new MapDraft.Member(name, type, count, offset, (int) total);
        if (!map.add(member)) {
            diagnostics.error(Span.of(at), "'" + name + "' lies where another one is, or has its name");
            return null;
        }
        return member;
    }

    private void bytes(MapDraft map, BpfAsmParser.BytesAttributeContext c) {
        long offset = literals.number(c.number(), 0, ProgramObject.MAX_DATA_BYTES);
        String digits = BLANKS.matcher(literals.string(c.STRING().getSymbol())).replaceAll("");
        if (digits.length() % 2 != 0 || !digits.chars().allMatch(d -> Character.digit(d, 16) >= 0 && d < 0x80)) {
            diagnostics.error(Span.of(c.STRING().getSymbol()), "expected two hexadecimal digits for each byte");
            return;
        }
        byte[] data = HexFormat.of().parseHex(digits);
        if (grow(map, c, offset + data.length)) {
            map.put((int) offset, data, data.length);
        }
    }

    private boolean grow(MapDraft map, ParserRuleContext at, long end) {
        int have = map.dataSize();
        if (end <= have) {
            return true;
        }
        long more = end - Math.max(0, have);
        if (dataBytes + more > ProgramObject.MAX_DATA_BYTES) {
            diagnostics.error(Span.of(at), "more than " + ProgramObject.MAX_DATA_BYTES + " bytes of initial data");
            return false;
        }
        dataBytes += more;
        map.grow((int) end);
        return true;
    }
}
