package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementBytes;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operations of user space on a map, on the thread that runs the CPU. */
final class MapOperations {
    private static final int MOST_PAGE_BYTES = 1 << 20;

    private MapOperations() {}

    /** Reads elements, from the one after a key on; from the first one where it is null. */
    static MapPage page(BpfMap map, Cpu cpu, byte @Nullable [] after, int most) throws Refusal {
        int keySize = map.def().keySize();
        int valueSize = map.sysValueSize(0);
        List<MapPage.Element> elements = new ArrayList<>();
        long bytes = 0;
        try (GuestArena arena = new GuestArena("page")) {
            long key = arena.allocate(Math.max(1, keySize));
            long value = arena.allocate(Math.max(1, valueSize));
            if (after != null) {
                GuestMemory.copyIn(sized(after, keySize, "key"), 0, key, keySize);
            }
            int end = map.getNextKey(cpu, after == null ? 0 : key, key);
            while (end == 0) {
                if (elements.size() >= most || bytes > MOST_PAGE_BYTES) {
                    return new MapPage(elements, true);
                }
                if (map.sysLookup(cpu, key, value, 0) == 0) {
                    elements.add(
                            new MapPage.Element(GuestMemory.bytes(key, keySize), GuestMemory.bytes(value, valueSize)));
                }
                bytes += keySize + valueSize;
                end = map.getNextKey(cpu, key, key);
            }
            if (end != -Errno.ENOENT) {
                throw refused(end, "the keys of this map cannot be listed");
            }
            return new MapPage(elements, false);
        }
    }

    static MapPage.Element lookup(BpfMap map, Cpu cpu, byte[] key) throws Refusal {
        int keySize = map.def().keySize();
        int valueSize = map.sysValueSize(0);
        try (GuestArena arena = new GuestArena("lookup")) {
            long keyAddress = ElementBytes.copyIn(arena, sized(key, keySize, "key"));
            long value = arena.allocate(Math.max(1, valueSize));
            int error = map.sysLookup(cpu, keyAddress, value, 0);
            if (error != 0) {
                throw refused(error, "the element cannot be read");
            }
            return new MapPage.Element(key, GuestMemory.bytes(value, valueSize));
        }
    }

    /** Puts an element in, for per-CPU maps with one value for all CPUs. Queues and stacks take an empty key. */
    static void update(BpfMap map, Cpu cpu, byte[] key, byte[] value, long flags) throws Refusal {
        int keySize = map.type().isKeyless() ? 0 : map.def().keySize();
        byte[] all = ElementBytes.forEachCpu(map, sized(value, map.def().valueSize(), "value"));
        int error = ElementBytes.put(map, cpu, sized(key, keySize, "key"), all, flags);
        if (error != 0) {
            throw refused(error, "the element cannot be put in");
        }
    }

    static void delete(BpfMap map, Cpu cpu, byte[] key) throws Refusal {
        int keySize = map.def().keySize();
        try (GuestArena arena = new GuestArena("delete")) {
            long keyAddress = ElementBytes.copyIn(arena, sized(key, keySize, "key"));
            int error = map.sysDelete(cpu, keyAddress);
            if (error != 0) {
                throw refused(error, "the element cannot be removed");
            }
        }
    }

    private static byte[] sized(byte[] bytes, int size, String what) throws Refusal {
        if (bytes.length != size) {
            throw new Refusal(
                    Kind.INVALID,
                    "the " + what + " has " + bytes.length + " bytes ("
                            + HexFormat.of().formatHex(bytes, 0, Math.min(8, bytes.length)) + "); this map's has "
                            + size);
        }
        return bytes;
    }

    private static Refusal refused(int error, String what) {
        Kind kind =
                switch (-error) {
                    case Errno.ENOENT -> Kind.ABSENT;
                    case Errno.EPERM -> Kind.DENIED;
                    case Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENOTSUPP -> Kind.INVALID;
                    case Errno.ENOMEM, Errno.E2BIG, Errno.ENOSPC -> Kind.FULL;
                    default -> Kind.CONFLICT;
                };
        return new Refusal(kind, what + ": " + Errno.name(error));
    }

    /** The flag that a word stands for. */
    static long flags(String word) throws Refusal {
        return switch (word) {
            case "any" -> MapFlags.BPF_ANY;
            case "noexist" -> MapFlags.BPF_NOEXIST;
            case "exist" -> MapFlags.BPF_EXIST;
            default -> throw new Refusal(Kind.INVALID, "flags are any, noexist or exist");
        };
    }
}
