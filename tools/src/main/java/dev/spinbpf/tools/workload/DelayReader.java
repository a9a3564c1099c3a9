package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.vm.stress.ProgramWorkload.LockDelay;
import java.util.ArrayList;
import java.util.List;

/** Reads the delays in critical sections of a workload file. */
final class DelayReader {
    private DelayReader() {}

    static List<LockDelay> read(Fields file, ObjectTable objects) {
        List<LockDelay> delays = new ArrayList<>();
        for (Fields fields : file.list("delays")) {
            String map = fields.text("map");
            List<String> maps = objects.entries().stream()
                    .flatMap(entry -> entry.object().maps().stream())
                    .filter(def -> !def.isGlobalData())
                    .map(MapDef::name)
                    .toList();
            if (!map.isEmpty() && objects.isComplete() && !maps.contains(map)) {
                fields.wrong("map", ObjectTable.absent(map, "map", maps));
            }
            String time = fields.text("time");
            delays.add(new LockDelay(
                    fields.text("lock"),
                    map,
                    AttachmentReader.level(fields),
                    time.isEmpty() ? 0 : TimeText.nanos(time),
                    (int) fields.whole("one_in", 1)));
        }
        return delays;
    }
}
