package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.context.RecursionGuard;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Places into which programs are nested that their sections do not name: points inside the runtime, by Linux's name or by
 * that of the point, and entry and exit of another program. The program runs there with a context of its own kind, as if
 * an interrupt or a call came right then.
 */
public final class NestedPlaces {
    /** Before the name of a program: where it begins. */
    public static final String ENTRY = "entry:";

    /** Before the name of a program: where it has returned. */
    public static final String EXIT = "exit:";

    /** Points where a lock is held or waited for with interrupts off; only programs that trace run there. */
    private static final Set<HookPoint> MASKED = EnumSet.of(
            HookPoint.CONTENTION_BEGIN,
            HookPoint.CONTENTION_END,
            HookPoint.MAP_UPDATE_UNDER_LOCK,
            HookPoint.MAP_DELETE_UNDER_LOCK,
            HookPoint.FREELIST_POP_BEFORE_LOCK,
            HookPoint.FREELIST_POP,
            HookPoint.FREELIST_PUSH_BEFORE_LOCK,
            HookPoint.FREELIST_PUSH);

    private static final Set<MapType> ALL_MAPS = Set.of();

    private NestedPlaces() {}

    /** Returns the names of all places; those of programs as {@code entry:PROGRAM}. */
    public static List<String> names() {
        Set<String> names = new LinkedHashSet<>();
        names.add(ENTRY + "PROGRAM");
        names.add(EXIT + "PROGRAM");
        for (HookPoint point : HookPoint.values()) {
            names.add(wordOf(point));
        }
        HookTable.named().stream().filter(NestedPlaces::isEntered).forEach(target -> names.add(target.name()));
        return List.copyOf(names);
    }

    /** Returns true for places inside the runtime that are passed at the beginning of what they are named by. */
    private static boolean isEntered(HookTarget target) {
        return target.point() != null && target.kind() != HookTarget.Kind.FUNCTION_EXIT;
    }

    private static String wordOf(HookPoint point) {
        return point.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the name of the program at whose entry or exit a place is; empty for other places. */
    public static String programAt(String name) {
        if (name.startsWith(ENTRY)) {
            return name.substring(ENTRY.length());
        }
        return name.startsWith(EXIT) ? name.substring(EXIT.length()) : "";
    }

    /**
     * The place of that name for a program.
     *
     * @return null where there is none of that name
     * @throws UnsupportedProgramException where Linux could not run the program there
     */
    static @Nullable HookTarget find(Program program, String name) {
        String other = programAt(name);
        if (!other.isEmpty()) {
            if (other.equals(program.name())) {
                throw new UnsupportedProgramException("program '" + other + "' cannot be nested into itself");
            }
            return atProgram(name);
        }
        for (HookPoint point : HookPoint.values()) {
            if (wordOf(point).equals(name)) {
                return checked(program, at(name, point, ALL_MAPS));
            }
        }
        for (HookTarget target : HookTable.named()) {
            HookPoint point = target.point();
            if (point != null && isEntered(target) && target.name().equals(name)) {
                return checked(program, at(name, point, target.mapTypes()));
            }
        }
        return null;
    }

    /** The place at a program, by its name with {@link #ENTRY} or {@link #EXIT}. */
    static HookTarget atProgram(String name) {
        HookTarget.Kind kind = name.startsWith(ENTRY) ? HookTarget.Kind.PROGRAM_ENTRY : HookTarget.Kind.PROGRAM_EXIT;
        return new HookTarget(name, kind, null, null, ALL_MAPS, List.of(), true);
    }

    private static HookTarget at(String name, HookPoint point, Set<MapType> mapTypes) {
        return new HookTarget(name, HookTarget.Kind.FUNCTION, null, point, mapTypes, List.of(), true);
    }

    private static HookTarget checked(Program program, HookTarget place) {
        ProgType type = program.type();
        if (MASKED.contains(place.point()) && RecursionGuard.of(type) == RecursionGuard.NONE) {
            throw new UnsupportedProgramException("section " + program.section() + ": interrupts are off at '"
                    + place.name() + "', so that only programs that trace run there, not those of type "
                    + type.display());
        }
        return place;
    }

    /** Returns a place with those of the same name at other points: a function may be called by several operations. */
    static List<HookTarget> variants(HookTarget place) {
        List<HookTarget> variants = HookTable.named().stream()
                .filter(target -> isEntered(target) && target.name().equals(place.name()))
                .map(target -> at(place.name(), Objects.requireNonNull(target.point()), target.mapTypes()))
                .toList();
        return variants.isEmpty() ? List.of(place) : variants;
    }
}
