package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapTable;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapType;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Names of program locks by address: a global variable, or map, element and member. */
final class LockNames {
    private final MapTable maps;
    private final Map<Integer, Btf> typesByMapId = new ConcurrentHashMap<>();

    LockNames(MapTable maps) {
        this.maps = maps;
    }

    void typesOf(BpfMap map, Btf types) {
        typesByMapId.put(map.id(), types);
    }

    /** The lock's name, such as {@code outer} or {@code sessions[1].lock}. */
    String name(Cpu cpu, long address) {
        for (BpfMap map : maps.all()) {
            String name = map.layout().record().isEmpty() ? "" : nameIn(map, cpu, address);
            if (!name.isEmpty()) {
                return name;
            }
        }
        return "lock at 0x" + Long.toHexString(address);
    }

    private String nameIn(BpfMap map, Cpu cpu, long address) {
        long direct = map.directValueAddress();
        int size = map.def().valueSize();
        if (map.def().isGlobalData()) {
            boolean inside = address >= direct && address < direct + size;
            return inside ? memberName(map, address - direct) : "";
        }
        if (map.type() == MapType.ARRAY) {
            long first = firstElement(map, cpu);
            long stride = size + 7L & ~7L;
            long index = (address - first) / stride;
            boolean inside = first != 0 && address >= first && index < map.maxEntries();
            return inside ? map.name() + "[" + index + "]." + memberName(map, address - first - index * stride) : "";
        }
        return elementName(map, cpu, address);
    }

    private static long firstElement(BpfMap map, Cpu cpu) {
        try (GuestArena arena = new GuestArena("lock name")) {
            return map.lookup(cpu, arena.allocate(16));
        }
    }

    private String elementName(BpfMap map, Cpu cpu, long address) {
        StringBuilder name = new StringBuilder();
        int keySize = Math.max(1, map.def().keySize());
        try (GuestArena arena = new GuestArena("lock name")) {
            map.forEach(
                    cpu,
                    (_, visited, key, value) -> {
                        if (address < value || address >= value + visited.def().valueSize()) {
                            return 0;
                        }
                        String text = HexFormat.of().formatHex(GuestMemory.bytes(key, keySize));
                        name.append(visited.name()).append("[0x").append(text).append("].");
                        name.append(memberName(visited, address - value));
                        return 1;
                    },
                    arena.allocate(keySize));
        }
        return name.toString();
    }

    /** The name of what is at an offset of a value: a variable of a section, or a member. */
    private String memberName(BpfMap map, long offset) {
        Btf types = typesByMapId.getOrDefault(map.id(), Btf.EMPTY);
        int typeId = map.def().valueTypeId();
        String name = typeId <= 0 || typeId >= types.size() ? "" : pathTo(types, typeId, offset, 0);
        if (!name.isEmpty()) {
            return name;
        }
        BtfField field = map.layout().record().at(offset);
        return field == null ? "+" + offset : field.kind().name().toLowerCase(Locale.ROOT);
    }

    private static String pathTo(Btf types, int typeId, long offset, int depth) {
        if (depth > 8) {
            return "";
        }
        return switch (types.resolved(typeId)) {
            case BtfType.DataSec section -> {
                for (BtfType.SecVar variable : section.vars()) {
                    boolean inside = offset >= variable.offset() && offset < variable.offset() + variable.sizeBytes();
                    if (inside && types.type(variable.varTypeId()) instanceof BtfType.Var found) {
                        yield join(found.name(), pathTo(types, found.typeId(), offset - variable.offset(), depth + 1));
                    }
                }
                yield "";
            }
            case BtfType.Composite composite -> {
                if (composite.name().endsWith("spin_lock")) {
                    yield "";
                }
                for (BtfType.Member member : composite.members()) {
                    long start = member.bitOffset() / 8;
                    long size = types.sizeOf(member.typeId());
                    if (offset >= start && offset < start + size) {
                        yield join(member.name(), pathTo(types, member.typeId(), offset - start, depth + 1));
                    }
                }
                yield "";
            }
            default -> "";
        };
    }

    private static String join(String first, String rest) {
        return rest.isEmpty() ? first : first + "." + rest;
    }
}
