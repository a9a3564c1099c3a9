package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Structs of which programs access fields: their contexts, and what pointers to sockets point to.
 *
 * <p>An access is allowed if it is aligned to its width and a row says that its field has this width, here, and holds the
 * whole access.
 */
public final class Contexts {
    private static final String EVERYWHERE = "*";
    private static final String AT_START = "^";

    /** Names that stand for several types of programs. */
    private static final Map<String, List<ProgType>> GROUPS = Map.of(
            "TC", List.of(ProgType.SCHED_CLS, ProgType.SCHED_ACT),
            "LWT", List.of(ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT, ProgType.LWT_SEG6LOCAL));

    private final Map<String, List<Field>> structs = new HashMap<>();
    private final ProgramTypes types;

    /** The thing that a load gives. */
    public enum Gives {
        NUMBER,
        PACKET,
        PACKET_META,
        PACKET_END,
        FLOW_KEYS,
        SOCKET,
        SOCKET_OR_NULL,
        SOCK_COMMON_OR_NULL,
        TP_BUFFER,
        STRUCT
    }

    /**
     * A field, or a part of one.
     *
     * @param name the name in the struct, in parentheses if it has none
     * @param offset in bytes
     * @param size in bytes
     * @param gives what a load gives
     * @param givenStruct the kernel's struct that the result points to, empty for others
     */
    public record Field(String name, int offset, int size, Access read, Access write, Gives gives, String givenStruct) {

        boolean allows(Set<String> here, int off, int width, boolean isWrite) {
            return off >= offset
                    && off + width <= offset + size
                    && (isWrite ? write : read).allows(here, width, off == offset);
        }
    }

    /**
     * Reads or writes of a field.
     *
     * @param where names of types of programs, of attach types after an {@code @}, of types of pointers
     * @param widths in bytes, anywhere in the field
     * @param startWidths in bytes, where the field starts
     */
    public record Access(Set<String> where, Set<Integer> widths, Set<Integer> startWidths) {
        boolean allows(Set<String> here, int width, boolean atStart) {
            if (!widths.contains(width) && !(atStart && startWidths.contains(width))) {
                return false;
            }
            for (String place : here) {
                if (where.contains(place)) {
                    return true;
                }
            }
            return false;
        }
    }

    Contexts(KernelVersion version, ProgramTypes types) {
        this.types = types;
        for (String[] row : Tables.rows("contexts.tsv", version)) {
            structs.computeIfAbsent(row[0], key -> new ArrayList<>()).add(field(row));
        }
    }

    private static Field field(String[] row) {
        int colon = row[8].indexOf(':');
        String gives = (colon < 0 ? row[8] : row[8].substring(0, colon)).toUpperCase(Locale.ROOT);
        return new Field(
                row[1],
                Integer.parseInt(row[2]),
                Integer.parseInt(row[3]),
                access(row[4], row[6]),
                access(row[5], row[7]),
                gives.equals(Tables.NOTHING) ? Gives.NUMBER : Gives.valueOf(gives),
                colon < 0 ? "" : row[8].substring(colon + 1));
    }

    private static Access access(String where, String widthColumn) {
        Set<Integer> widths = new TreeSet<>();
        Set<Integer> startWidths = new TreeSet<>();
        for (String width : Tables.words(widthColumn)) {
            if (width.endsWith(AT_START)) {
                startWidths.add(Integer.valueOf(width.substring(0, width.length() - AT_START.length())));
            } else {
                widths.add(Integer.valueOf(width));
            }
        }
        return new Access(places(where), widths, startWidths);
    }

    private static Set<String> places(String column) {
        Set<String> places = new HashSet<>();
        for (String word : Tables.words(column)) {
            List<ProgType> group = GROUPS.get(word);
            if (group == null) {
                places.add(word);
            } else {
                group.forEach(type -> places.add(type.name()));
            }
        }
        return places;
    }

    /** The fields of the struct, in the order of the table. */
    public List<Field> fields(String struct) {
        return structs.getOrDefault(struct, List.of());
    }

    /** The field of its context that the program may access so, or null. */
    public @Nullable Field find(Program program, int off, int width, boolean isWrite) {
        AttachType attach = program.attachType();
        Set<String> here = Set.of(EVERYWHERE, program.type().name(), "@" + attach.name());
        return find(types.context(program.type()), here, off, width, isWrite);
    }

    /**
     * The field that may be read through a pointer, or null.
     *
     * @param pointer name of the pointer's type, as in {@code PTR_TO_SOCKET}
     */
    public @Nullable Field findBehind(String struct, String pointer, int off, int width) {
        return find(struct, Set.of(EVERYWHERE, pointer), off, width, false);
    }

    private @Nullable Field find(String struct, Set<String> here, int off, int width, boolean isWrite) {
        if (off % width != 0) {
            return null;
        }
        for (Field field : fields(struct)) {
            if (field.allows(here, off, width, isWrite)) {
                return field;
            }
        }
        return null;
    }
}
