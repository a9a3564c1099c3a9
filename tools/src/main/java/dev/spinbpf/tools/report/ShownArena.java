package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.btf.BtfType;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * An arena as user space has it: the program's variables by their types, and the pages that are allocated. Of pages, lines
 * of zeros are left out.
 */
final class ShownArena {
    private static final String VARIABLES = ".addr_space.1";
    private static final int MOST_PAGES = 1_000;
    private static final int BYTES_A_LINE = 16;
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private final ArenaMap arena;
    private final BtfFormatter formatter;
    private final int variablesType;
    private final List<ArenaMap.Page> pages;

    /** @param variablesType what {@link #variablesType} found */
    ShownArena(ArenaMap arena, BtfFormatter formatter, int variablesType) {
        this.arena = arena;
        this.formatter = formatter;
        this.variablesType = variablesType;
        this.pages = arena.allocatedPages(MOST_PAGES);
    }

    /** Returns the type of the section of an object's variables in its arena, or 0. */
    static int variablesType(Btf types) {
        for (int id = 1; id < types.types().size(); id++) {
            if (types.types().get(id) instanceof BtfType.DataSec section
                    && section.name().equals(VARIABLES)) {
                return id;
            }
        }
        return 0;
    }

    /** The lines below the map's name. */
    String text() {
        StringBuilder out = new StringBuilder();
        long count = arena.entryCount();
        out.append("  at 0x").append(Long.toHexString(arena.userStart()));
        out.append(", ").append(count).append(count == 1 ? " page" : " pages").append(" allocated\n");
        if (hasVariables()) {
            out.append("  variables ").append(variables()).append('\n');
        }
        for (ArenaMap.Page page : pages) {
            for (int at = 0; at < page.content().length; at += BYTES_A_LINE) {
                byte[] line = Arrays.copyOfRange(page.content(), at, at + BYTES_A_LINE);
                if (!isZero(line)) {
                    out.append("  0x").append(Long.toHexString(page.address() + at));
                    out.append("  ").append(HEX.formatHex(line)).append('\n');
                }
            }
        }
        if (count > pages.size()) {
            out.append("  ... more than ").append(MOST_PAGES).append(" pages\n");
        }
        return out.toString();
    }

    private static boolean isZero(byte[] bytes) {
        for (byte each : bytes) {
            if (each != 0) {
                return false;
            }
        }
        return true;
    }

    private boolean hasVariables() {
        return variablesType != 0 && arena.def().initialData() != null;
    }

    private String variables() {
        int size = arena.def().initialData() == null ? 0 : arena.def().initialData().length;
        return formatter
                .format(variablesType, arena.read(arena.variables(), size))
                .toJson();
    }

    /** Writes the members of the map's object after its type. */
    void write(JsonGenerator json) throws IOException {
        json.writeStringField("address", "0x" + Long.toHexString(arena.userStart()));
        if (hasVariables()) {
            json.writeFieldName("variables");
            json.writeRawValue(variables());
        }
        Json.objects(json, "pages", pages, page -> {
            json.writeStringField("address", "0x" + Long.toHexString(page.address()));
            json.writeStringField("content", HexFormat.of().formatHex(page.content()));
        });
        json.writeBooleanField("truncated", arena.entryCount() > pages.size());
    }
}
