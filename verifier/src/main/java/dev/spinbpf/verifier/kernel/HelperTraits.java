package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.MapType;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The demands and effects of a helper besides its prototype, as its rows in the table of helpers say them. */
public final class HelperTraits {
    static final HelperTraits NONE = new HelperTraits();

    private static final String MAPS = "maps:";
    private static final String SOCKETS = "sockets:";

    private final Set<Trait> traits = EnumSet.noneOf(Trait.class);
    private final Set<MapType> maps = EnumSet.noneOf(MapType.class);
    private @Nullable Callback callback;
    private ProgramRules.@Nullable Property changesSockets;
    private int callbackReg;

    /** A single trait; the table's head explains each. */
    public enum Trait {
        CHANGES_PACKETS,
        RECORDS_MAP,
        WRITES_MAP,
        UNDER_LOCK,
        ACQUIRES,
        CASTS_SOCKET,
        TAKES_LOCK,
        RELEASES_ANY_SOCKET,
        LOOKS_UP,
        PEEKS,
        EXCHANGES_KPTR,
        RETURNS_LENGTH,
        RETURNS_CPU,
        SETS_RETVAL,
        RETURNS_RETVAL,
        TAIL_CALL,
        LOOPS,
        FORMATS,
        NO_FLAGS,
        WANTS_MAP_VALUE,
        PERCPU_VARIABLE,
        WRITES_DYNPTR,
        SHOWS_DYNPTR,
        FUNCTION_ADDRESS
    }

    /**
     * Adds what an attribute of the table says.
     *
     * @throws IllegalArgumentException if there is no such attribute
     */
    void add(String attribute) {
        if (attribute.startsWith(MAPS)) {
            for (String type : attribute.substring(MAPS.length()).split("\\|", -1)) {
                maps.add(MapType.valueOf(type));
            }
            return;
        }
        if (attribute.startsWith(SOCKETS)) {
            changesSockets = ProgramRules.Property.of(attribute.substring(SOCKETS.length()));
            return;
        }
        if (Endings.isEnding(attribute)) {
            return;
        }
        Callback found = callback(attribute);
        if (found == null) {
            traits.add(Trait.valueOf(attribute.toUpperCase(Locale.ROOT)));
        } else {
            callback = found;
        }
    }

    /** Notes the register in which the helper gets its callback. */
    void setCallbackReg(int regno) {
        callbackReg = regno;
    }

    /** Reads an attribute that describes a callback; returns null for others. */
    static @Nullable Callback callback(String attribute) {
        int colon = attribute.indexOf(':');
        String rest = attribute.substring(colon + 1);
        return switch (colon < 0 ? attribute : attribute.substring(0, colon)) {
            case "calls_back" -> Callback.parse(rest, false, false);
            case "keeps_callback" -> Callback.parse(rest, true, false);
            case "keeps_sleepable_callback" -> Callback.parse(rest, true, true);
            default -> null;
        };
    }

    public boolean has(Trait trait) {
        return traits.contains(trait);
    }

    /** The types of the maps that it takes; empty if all that take it. */
    public Set<MapType> maps() {
        return maps;
    }

    /** The property that programs need to change maps of sockets with it; null if it cannot. */
    public ProgramRules.@Nullable Property changesSockets() {
        return changesSockets;
    }

    /** The way in which it calls back; null if it does not. */
    public @Nullable Callback callback() {
        return callback;
    }

    /** The register in which it gets the callback; 0 if it gets none. */
    public int callbackReg() {
        return callbackReg;
    }
}
