package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.tools.report.ShownMaps;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.SnapshotDirectory;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code spinbpf stress} that show and save maps at the end. */
final class StressedMaps {
    @Option(names = "--dump-maps", description = "Print the maps and global data at the end, by their types.")
    private boolean dump;

    @Option(
            names = "--save-maps",
            paramLabel = "DIR",
            description = "Save the maps of the one object in the directory at the end, for run --load-maps and spinbpf"
                    + " map.")
    private @Nullable Path save;

    boolean isGiven() {
        return dump || save != null;
    }

    /** Returns the maps of each object by its name, if they are to be shown. */
    Map<String, ShownMaps> contents(WorkloadRun run) throws InputException {
        Map<String, ShownMaps> contents = new LinkedHashMap<>();
        if (dump) {
            for (WorkloadRun.LoadedObject object : run.objects()) {
                contents.put(object.name(), of(run, object));
            }
        }
        return contents;
    }

    private static ShownMaps of(WorkloadRun run, WorkloadRun.LoadedObject object) throws InputException {
        try {
            return ShownMaps.of(run.machine(), object.object());
        } catch (MapCreationException e) {
            throw new InputException(object.name() + ": " + e.getMessage());
        }
    }

    /** Returns the maps as text, if they are to be shown. */
    String text(WorkloadRun run, Style style) throws InputException {
        StringBuilder text = new StringBuilder();
        contents(run).forEach((name, maps) -> {
            if (run.objects().size() > 1) {
                text.append('\n').append(name).append(":\n");
            }
            text.append(maps.text(style));
        });
        return text.toString();
    }

    /** Checks, before the run, that the maps can be saved. */
    void check(WorkloadRun run) throws InputException {
        int objects = run.objects().size();
        if (save != null && objects != 1) {
            throw new InputException(
                    "--save-maps: the workload has " + objects + " objects; a directory holds the maps of one");
        }
    }

    /** Saves the maps, if that is wanted. */
    void save(WorkloadRun run) throws InputException {
        if (save == null) {
            return;
        }
        try (SnapshotDirectory locked = SnapshotDirectory.open(save)) {
            locked.write(
                    LiveMaps.snapshot(run.machine(), run.objects().getFirst().object()));
        } catch (SnapshotException | MapCreationException e) {
            throw new InputException("--save-maps: " + e.getMessage());
        }
    }
}
