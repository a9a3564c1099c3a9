package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.map.ArenaMap;
import org.jspecify.annotations.Nullable;

/** The values that a loader patches into a program: addresses of maps and symbols, and the functions that it calls. */
public interface Linkage {
    /** The guest address that stands for a map. */
    long mapAddress(int mapIndex);

    /**
     * The address of a byte in a map's first value.
     *
     * @throws UnsupportedProgramException where the map has no directly addressable value
     */
    long mapValueAddress(int mapIndex, int offset);

    /** The map, where it is an arena; else null. */
    default @Nullable ArenaMap arena(int mapIndex) {
        return null;
    }

    /** The address of a kernel symbol, by its index in the program's object; 0 for a weak one that does not exist. */
    long symbolAddress(int symbolIndex);

    /**
     * A helper by number.
     *
     * @throws UnsupportedProgramException naming the helper, where it is not there
     */
    Helper helper(int number);

    /**
     * A kfunc by its index in the program's object.
     *
     * @throws UnsupportedProgramException naming the kfunc, where it is not there
     */
    Helper kfunc(int kfuncIndex);
}
