package dev.spinbpf.maps.map;

import dev.spinbpf.maps.sync.ElementEvent;
import dev.spinbpf.maps.sync.SchedulePoint;

/** Tells simulations what programs do with elements. In production nobody listens, which is a constant to compiled code. */
public final class ElementEvents {
    private ElementEvents() {}

    /** A program's look-up has ended; of no interest where each CPU has a value of its own. */
    public static void found(BpfMap map, long key, long value) {
        if (SchedulePoint.isSimulated() && !map.isPercpu()) {
            SchedulePoint.tell(new ElementEvent.Found(map.id(), key, map.keySize, value, map.valueSize));
        }
    }

    /** An update has put an element, perhaps in the place of another. */
    static void put(BpfMap map, long key, boolean replaces) {
        if (SchedulePoint.isSimulated()) {
            SchedulePoint.tell(new ElementEvent.Put(map.id(), key, map.keySize, replaces));
        }
    }
}
