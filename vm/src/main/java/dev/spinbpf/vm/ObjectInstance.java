package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.map.MapEnvironment;
import dev.spinbpf.maps.map.MapFactory;
import dev.spinbpf.maps.map.UnsupportedMapException;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.exec.Linkage;
import dev.spinbpf.vm.exec.TrapException;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.helper.FunctionTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An object's maps in a machine, and how its programs are linked to them. A map of a kind that is not built here is left
 * out; the programs that use it trap where they do.
 */
final class ObjectInstance implements Linkage {
    private final ProgramObject object;
    private final FunctionTable functions;
    private final List<BpfMap> maps = new ArrayList<>();
    private final List<MapOrReason> mapsByIndex = new ArrayList<>();
    private final List<LoadedProgram> programs = new ArrayList<>();

    ObjectInstance(ProgramObject object, MapEnvironment environment, FunctionTable functions, Cpu cpu)
            throws MapCreationException {
        this.object = object;
        this.functions = functions;
        boolean isWhole = false;
        try {
            for (MapDef def : object.maps()) {
                mapsByIndex.add(create(def, environment));
            }
            for (int i = 0; i < maps.size(); i++) {
                fillInnerMaps(maps.get(i), cpu);
            }
            isWhole = true;
        } finally {
            if (!isWhole) {
                maps.forEach(BpfMap::close);
            }
        }
    }

    /** A map of the object, or the reason why it is not there. */
    private sealed interface MapOrReason {
        record Present(BpfMap map) implements MapOrReason {}

        record Absent(String reason) implements MapOrReason {}
    }

    private MapOrReason create(MapDef def, MapEnvironment environment) throws MapCreationException {
        try {
            BpfMap map = MapFactory.create(def, object.btf(), environment);
            maps.add(map);
            return new MapOrReason.Present(map);
        } catch (UnsupportedMapException e) {
            return new MapOrReason.Absent(e.reason());
        }
    }

    /** Puts the maps of a {@code .values} array into a map of maps. */
    private void fillInnerMaps(BpfMap map, Cpu cpu) {
        if (map.type() != MapType.ARRAY_OF_MAPS && map.type() != MapType.HASH_OF_MAPS) {
            return;
        }
        for (MapDef.Slot slot : map.def().slots()) {
            for (BpfMap inner : maps) {
                if (inner.name().equals(slot.target())) {
                    putSlot(map, cpu, slot.index(), inner.id());
                }
            }
        }
    }

    /** Puts a program into the program arrays that name it. */
    void fillProgramArrays(String program, int handle, Cpu cpu) {
        for (BpfMap map : maps) {
            for (MapDef.Slot slot : map.def().slots()) {
                if (map.type() == MapType.PROG_ARRAY && slot.target().equals(program)) {
                    putSlot(map, cpu, slot.index(), handle);
                }
            }
        }
    }

    private static void putSlot(BpfMap map, Cpu cpu, int index, int handle) {
        try (GuestArena arena = new GuestArena("slot")) {
            long memory = arena.allocate(16);
            GuestMemory.putInt(memory, index);
            GuestMemory.putInt(memory + 8, handle);
            int error = map.sysUpdate(cpu, memory, memory + 8, MapFlags.BPF_ANY);
            if (error != 0) {
                throw new UnsupportedProgramException(
                        "map '" + map.name() + "': initial value at index " + index + ": error " + error);
            }
        }
    }

    ProgramObject object() {
        return object;
    }

    List<BpfMap> maps() {
        return List.copyOf(maps);
    }

    void add(LoadedProgram program) {
        programs.add(program);
    }

    List<LoadedProgram> programs() {
        return programs;
    }

    @Override
    public long mapAddress(int mapIndex) {
        return map(mapIndex).address();
    }

    @Override
    public long mapValueAddress(int mapIndex, int offset) {
        BpfMap map = map(mapIndex);
        long value = map.directValueAddress();
        if (value == 0) {
            throw new UnsupportedProgramException("direct access to values of "
                    + map.type().display() + " map '" + map.name() + "' is not supported");
        }
        return value + Integer.toUnsignedLong(offset);
    }

    @Override
    public @Nullable ArenaMap arena(int mapIndex) {
        boolean isThere = mapIndex >= 0 && mapIndex < mapsByIndex.size();
        return isThere
                        && mapsByIndex.get(mapIndex) instanceof MapOrReason.Present present
                        && present.map() instanceof ArenaMap arena
                ? arena
                : null;
    }

    private BpfMap map(int index) {
        if (index < 0 || index >= mapsByIndex.size()) {
            throw new UnsupportedProgramException("map #" + index + " is not in " + object.fileName());
        }
        return switch (mapsByIndex.get(index)) {
            case MapOrReason.Present present -> present.map();
            case MapOrReason.Absent absent -> throw new UnsupportedProgramException(absent.reason());
        };
    }

    @Override
    public long symbolAddress(int symbolIndex) {
        if (symbolIndex < 0 || symbolIndex >= object.ksyms().size()) {
            throw new UnsupportedProgramException("kernel symbol #" + symbolIndex + " is not in " + object.fileName());
        }
        KsymRef symbol = object.ksyms().get(symbolIndex);
        if (symbol.function() && !symbol.absent() && functions.findKfunc(symbol.essentialName()) != null) {
            return symbol.btfId();
        }
        if (symbol.weak()) {
            return 0;
        }
        throw new UnsupportedProgramException("kernel symbol " + symbol.name() + " is not supported");
    }

    @Override
    public Helper helper(int number) {
        return functions.helper(number);
    }

    @Override
    public Helper kfunc(int kfuncIndex) {
        if (kfuncIndex < 0 || kfuncIndex >= object.kfuncs().size()) {
            throw new UnsupportedProgramException("kfunc #" + kfuncIndex + " is not in " + object.fileName());
        }
        KfuncRef kfunc = object.kfuncs().get(kfuncIndex);
        Helper found = kfunc.absent() ? null : functions.findKfunc(kfunc.essentialName());
        if (found != null) {
            return found;
        }
        if (kfunc.weak()) {
            return (_, _, _, _, _, _) -> {
                throw new TrapException("kfunc " + kfunc.name() + " is not supported");
            };
        }
        throw new UnsupportedProgramException("kfunc " + kfunc.name() + " is not supported");
    }
}
