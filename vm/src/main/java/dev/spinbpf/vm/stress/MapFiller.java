package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/** Puts the elements of a workload into maps, as user space does. */
final class MapFiller {
    private MapFiller() {}

    static void fill(BpfMap map, ProgramWorkload.MapContents contents, Cpu cpu) throws WorkloadException {
        int number = 0;
        for (ProgramWorkload.Element element : contents.elements()) {
            String where = "map '" + map.name() + "' of " + contents.object() + ": element " + number++;
            int error = put(map, element, cpu, where);
            if (error != 0) {
                throw new WorkloadException(where + " cannot be put in: " + Errno.name(error));
            }
        }
    }

    private static int put(BpfMap map, ProgramWorkload.Element element, Cpu cpu, String where)
            throws WorkloadException {
        boolean keyless = isKeyless(map.type());
        int keySize = keyless ? 0 : map.def().keySize();
        int valueSize = map.def().valueSize();
        if (element.key().size() != keySize || element.value().size() != valueSize) {
            throw new WorkloadException(where + " has a key of " + element.key().size() + " bytes and a value of "
                    + element.value().size() + ", not " + keySize + " and " + valueSize);
        }
        byte[] value = forEachCpu(map, element.value().toArray());
        try (GuestArena arena = new GuestArena("contents")) {
            long keyAddress = arena.allocate(Math.max(1, keySize));
            long valueAddress = arena.allocate(Math.max(1, value.length));
            GuestMemory.copyIn(element.key().toArray(), 0, keyAddress, keySize);
            GuestMemory.copyIn(value, 0, valueAddress, value.length);
            return keyless
                    ? map.push(cpu, valueAddress, MapFlags.BPF_ANY)
                    : map.sysUpdate(cpu, keyAddress, valueAddress, MapFlags.BPF_ANY);
        }
    }

    private static boolean isKeyless(MapType type) {
        return type == MapType.QUEUE || type == MapType.STACK || type == MapType.BLOOM_FILTER;
    }

    /** A value as user space gives it: for per-CPU maps one for each CPU, each on eight bytes. */
    private static byte[] forEachCpu(BpfMap map, byte[] value) {
        if (!map.isPercpu()) {
            return value;
        }
        byte[] all = new byte[map.sysValueSize(0)];
        int stride = (value.length + 7) / 8 * 8;
        for (int at = 0; at + stride <= all.length; at += stride) {
            System.arraycopy(value, 0, all, at, value.length);
        }
        return all;
    }
}
