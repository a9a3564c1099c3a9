package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementBytes;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;

/** Puts the elements of a workload into maps, as user space does. */
public final class MapFiller {
    private MapFiller() {}

    /**
     * Puts elements into a map.
     *
     * @throws WorkloadException where one does not fit, or the map refuses it
     */
    public static void fill(BpfMap map, ProgramWorkload.MapContents contents, Cpu cpu) throws WorkloadException {
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
        int keySize = map.type().isKeyless() ? 0 : map.def().keySize();
        int valueSize = map.def().valueSize();
        if (element.key().size() != keySize || element.value().size() != valueSize) {
            throw new WorkloadException(where + " has a key of " + element.key().size() + " bytes and a value of "
                    + element.value().size() + ", not " + keySize + " and " + valueSize);
        }
        byte[] value = ElementBytes.forEachCpu(map, element.value().toArray());
        return ElementBytes.put(map, cpu, element.key().toArray(), value, MapFlags.BPF_ANY);
    }
}
