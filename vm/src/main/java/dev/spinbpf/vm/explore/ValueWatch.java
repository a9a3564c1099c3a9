package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.map.MapCursor;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The values of global variables and of elements in arrays and hashes, and what changes from one row of a run to the
 * next. Only maps that can be read in the middle of any operation are looked at, and of each the first elements.
 */
final class ValueWatch {
    private static final int MOST_ELEMENTS = 64;
    private static final int LONGEST_VALUE_BYTES = 256;
    private static final Set<MapType> READABLE =
            EnumSet.of(MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.HASH, MapType.PERCPU_HASH);
    private static final String ABSENT = "(absent)";

    private final Supplier<WorkloadRun> source;
    private Map<String, String> before = Map.of();

    /** @param source gives the run whose machine is looked at */
    ValueWatch(Supplier<WorkloadRun> source) {
        this.source = source;
    }

    /** Notes the values from which a run begins. */
    void begin() {
        before = read();
    }

    /** Returns what changed since the last call, {@code name: old -> new} each. */
    List<String> changes() {
        Map<String, String> now = read();
        List<String> changes = new ArrayList<>();
        now.forEach((name, value) -> {
            String old = before.getOrDefault(name, ABSENT);
            if (!old.equals(value)) {
                changes.add(name + ": " + old + " -> " + value);
            }
        });
        before.forEach((name, value) -> {
            if (!now.containsKey(name)) {
                changes.add(name + ": " + value + " -> " + ABSENT);
            }
        });
        before = now;
        return changes;
    }

    /** Reads without a schedule point: what is looked at here is no step of the run. */
    private Map<String, String> read() {
        return SchedulePoint.quietly(this::readAll);
    }

    private Map<String, String> readAll() {
        Map<String, String> values = new LinkedHashMap<>();
        WorkloadRun run = source.get();
        Cpu cpu = run.machine().cpus().get(0);
        for (WorkloadRun.LoadedObject object : run.objects()) {
            Btf types = object.object().btf();
            try {
                for (BpfMap map : run.machine().maps(object.object())) {
                    if (READABLE.contains(map.type()) && map.def().valueSize() > 0) {
                        readMap(values, map, types, cpu);
                    }
                }
            } catch (MapCreationException e) {
                throw new IllegalStateException("the maps of a loaded object are there", e);
            }
        }
        return values;
    }

    private static void readMap(Map<String, String> values, BpfMap map, Btf types, Cpu cpu) {
        try (MapCursor cursor = new MapCursor(map, cpu)) {
            for (int i = 0; i < MOST_ELEMENTS && cursor.next(); i++) {
                if (cursor.read() != 0) {
                    continue;
                }
                if (map.def().isGlobalData()
                        && types.type(map.def().valueTypeId()) instanceof BtfType.DataSec section) {
                    addVariables(values, section, types, cursor.value());
                } else {
                    String key = shown(types, map.def().keyTypeId(), cursor.key());
                    add(values, map, types, map.name() + "[" + key + "]", cursor.value());
                }
            }
        }
    }

    private static void addVariables(Map<String, String> values, BtfType.DataSec section, Btf types, byte[] bytes) {
        for (BtfType.SecVar variable : section.vars()) {
            int from = (int) variable.offset();
            int to = (int) (variable.offset() + variable.sizeBytes());
            if (types.type(variable.varTypeId()) instanceof BtfType.Var named && to <= bytes.length && from <= to) {
                values.put(named.name(), shown(types, named.typeId(), Arrays.copyOfRange(bytes, from, to)));
            }
        }
    }

    private static void add(Map<String, String> values, BpfMap map, Btf types, String name, byte[] bytes) {
        int type = map.def().valueTypeId();
        if (!map.isPercpu()) {
            values.put(name, shown(types, type, bytes));
            return;
        }
        int stride = map.sysValueStride();
        for (int cpu = 0; (cpu + 1) * stride <= bytes.length; cpu++) {
            int from = cpu * stride;
            byte[] value = Arrays.copyOfRange(bytes, from, from + map.def().valueSize());
            values.put(name + " of CPU " + cpu, shown(types, type, value));
        }
    }

    private static String shown(Btf types, int type, byte[] bytes) {
        byte[] first = bytes.length > LONGEST_VALUE_BYTES ? Arrays.copyOf(bytes, LONGEST_VALUE_BYTES) : bytes;
        return type == 0
                ? HexFormat.ofDelimiter(" ").formatHex(first)
                : Objects.toString(new BtfFormatter(types).format(type, bytes).toJson());
    }
}
