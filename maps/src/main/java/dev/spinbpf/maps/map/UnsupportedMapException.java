package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

/** Thrown when a map is of a kind that is not built here; Linux would make it. */
public final class UnsupportedMapException extends MapCreationException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /**
     * @param mapName the map's name
     * @param kind the kind of map, in the field's words
     */
    public UnsupportedMapException(String mapName, String kind) {
        super(EOPNOTSUPP, mapName, "maps of type " + kind + " are not supported");
        reason = "map '" + mapName + "': maps of type " + kind + " are not supported";
    }

    /** Returns the message without an error number. */
    public String reason() {
        return reason;
    }
}
