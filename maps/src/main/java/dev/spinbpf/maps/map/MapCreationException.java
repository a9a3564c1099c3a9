package dev.spinbpf.maps.map;

import dev.spinbpf.programs.linux.Errno;

/** A map could not be made: what Linux would refuse, or a kind that is not supported. */
public sealed class MapCreationException extends Exception permits UnsupportedMapException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String mapName;

    /**
     * @param errno the positive error number that {@code bpf(BPF_MAP_CREATE)} would fail with
     * @param mapName the map's name
     * @param sentence why, in plain words, without the name
     */
    public MapCreationException(int errno, String mapName, String sentence) {
        super("map '" + mapName + "': " + sentence + " (" + Errno.name(errno) + ")");
        this.errno = errno;
        this.mapName = mapName;
    }

    /** The positive error number that {@code bpf(BPF_MAP_CREATE)} would fail with. */
    public int errno() {
        return errno;
    }

    /** The map's name. */
    public String mapName() {
        return mapName;
    }
}
