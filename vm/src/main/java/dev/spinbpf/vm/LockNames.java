package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockIdentity;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementAddress;
import dev.spinbpf.maps.map.MapTable;
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

    void forget(BpfMap map) {
        typesByMapId.remove(map.id());
    }

    /** Returns the lock's names, such as {@code outer} or {@code sessions[1].lock}. */
    LockIdentity of(Cpu cpu, long address) {
        for (BpfMap map : maps.all()) {
            ElementAddress found = map.layout().record().isEmpty() ? null : map.elementAt(cpu, address);
            if (found != null) {
                String name = memberName(map, found.offset());
                return map.def().isGlobalData()
                        ? LockIdentity.ofGlobal(map.id(), name, address)
                        : LockIdentity.ofElement(map.name(), map.id(), key(map, found), name, address);
            }
        }
        return LockIdentity.ofAddress(address);
    }

    private static String key(BpfMap map, ElementAddress found) {
        return map.type() == MapType.ARRAY
                ? Long.toString(found.index())
                : "0x" + HexFormat.of().formatHex(found.key());
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
