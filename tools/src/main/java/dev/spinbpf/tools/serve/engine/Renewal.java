package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.stress.BoundPromise;
import dev.spinbpf.vm.stress.MapFiller;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import dev.spinbpf.vm.stress.WorkloadRun.LoadedObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A run on a new machine that is to take the place of another: programs and maps are put there first, and what the
 * programs' states are changes only with {@link #take}. Where something does not fit, the new machine is closed and
 * nothing has changed.
 */
final class Renewal {
    private final Machine before;
    private final WorkloadRun fresh;
    private final List<ServedObject> objects = new ArrayList<>();
    private final Map<ServedProgram, InFresh> programs = new LinkedHashMap<>();

    /** A program on the new machine, and how it is attached there. */
    private record InFresh(LoadedProgram loaded, List<Attachment> attachments) {
        private InFresh {
            attachments = List.copyOf(attachments);
        }

        InFresh with(Attachment how) {
            return new InFresh(
                    loaded, Stream.concat(attachments.stream(), Stream.of(how)).toList());
        }
    }

    /**
     * A renewal that has put nothing on the new machine so far.
     *
     * @param before the machine whose maps are carried over
     * @param fresh a run without objects
     */
    Renewal(Machine before, WorkloadRun fresh) {
        this.before = before;
        this.fresh = fresh;
    }

    /** Returns the new run. */
    WorkloadRun fresh() {
        return fresh;
    }

    /** Something that is done to the new machine. */
    @FunctionalInterface
    private interface Step {
        void run() throws Refusal, MapCreationException, SnapshotException, WorkloadException;
    }

    private void attempt(Step step) throws Refusal {
        boolean done = false;
        try {
            step.run();
            done = true;
        } catch (MapCreationException | SnapshotException | UnsupportedProgramException e) {
            throw new Refusal(Kind.CONFLICT, String.valueOf(e.getMessage()));
        } catch (WorkloadException e) {
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        } finally {
            if (!done) {
                fresh.close();
            }
        }
    }

    /** Loads and attaches what is loaded and attached of some objects, with what is in their maps. */
    void carryOver(List<ServedObject> kept) throws Refusal {
        attempt(() -> {
            for (ServedObject object : kept) {
                objects.add(object);
                if (object.isLoaded()) {
                    carryOver(object);
                }
            }
        });
    }

    private void carryOver(ServedObject object) throws MapCreationException, SnapshotException {
        for (ServedProgram program : object.programs()) {
            if (program.isLoaded() && program.verdict() instanceof Verdict.Accepted accepted) {
                LoadedProgram loaded = fresh.machine().load(accepted.program());
                List<Attachment> attachments = program.attachments();
                attachments.forEach(how -> fresh.driver().attach(loaded, how));
                programs.put(program, new InFresh(loaded, attachments));
            }
        }
        LiveMaps.restore(LiveMaps.snapshot(before, object.contents()), fresh.machine(), object.contents());
    }

    /** Loads and attaches what a workload says of its objects, and fills their maps. */
    void add(List<ServedObject> added, ProgramWorkload workload) throws Refusal {
        attempt(() -> {
            objects.addAll(added);
            for (ServedObject object : added) {
                loadIncluded(object, workload);
            }
            if (workload.attachments().isEmpty()) {
                attachWherePossible();
            }
            for (Attachment how : workload.attachments()) {
                ServedProgram program = program(added, how);
                InFresh known = programs.get(program);
                if (known != null) {
                    fresh.driver().attach(known.loaded, how);
                    programs.put(program, known.with(how));
                }
            }
            for (ProgramWorkload.MapContents contents : workload.maps()) {
                MapFiller.fill(
                        map(added, contents), contents, fresh.machine().cpus().get(0));
            }
            BoundPromise.of(fresh.machine(), loaded(), workload.promises());
        });
    }

    private List<LoadedObject> loaded() {
        List<LoadedObject> loaded = new ArrayList<>();
        for (ServedObject object : objects) {
            Map<String, LoadedProgram> here = new LinkedHashMap<>();
            for (ServedProgram program : object.programs()) {
                InFresh known = programs.get(program);
                if (known != null) {
                    here.put(program.name(), known.loaded);
                }
            }
            if (!here.isEmpty()) {
                loaded.add(new LoadedObject(object.name(), object.contents(), here));
            }
        }
        return loaded;
    }

    private void loadIncluded(ServedObject object, ProgramWorkload workload) throws MapCreationException {
        for (ServedProgram program : object.programs()) {
            boolean included = workload.objects().stream()
                    .anyMatch(file -> file.name().equals(object.name()) && file.includes(program.name()));
            if (included && program.verdict() instanceof Verdict.Accepted accepted) {
                programs.put(program, new InFresh(fresh.machine().load(accepted.program()), List.of()));
            }
        }
    }

    /** Attaches each program that is not attached where its section says, if there is such a hook. */
    private void attachWherePossible() {
        programs.replaceAll((program, known) -> {
            boolean isAdded = !program.isLoaded() && known.attachments.isEmpty();
            Attachment how = Attachment.of(program.object(), program.name());
            return isAdded && attaches(known.loaded, how) ? known.with(how) : known;
        });
    }

    private boolean attaches(LoadedProgram loaded, Attachment how) {
        try {
            fresh.driver().attach(loaded, how);
            return true;
        } catch (UnsupportedProgramException e) {
            return false; // It stays loaded; its state says that it is not attached.
        }
    }

    private static ServedObject object(List<ServedObject> objects, String name) throws Refusal {
        for (ServedObject object : objects) {
            if (object.name().equals(name)) {
                return object;
            }
        }
        throw new Refusal(Kind.INVALID, "the workload names an object " + name + ", which is not there");
    }

    private static ServedProgram program(List<ServedObject> objects, Attachment how) throws Refusal {
        for (ServedProgram program : object(objects, how.object()).programs()) {
            if (program.name().equals(how.program())) {
                return program;
            }
        }
        throw new Refusal(
                Kind.INVALID,
                "the workload attaches program " + how.program() + " of object " + how.object()
                        + ", which is not there");
    }

    private BpfMap map(List<ServedObject> objects, ProgramWorkload.MapContents contents)
            throws Refusal, MapCreationException {
        ServedObject object = object(objects, contents.object());
        for (BpfMap map : fresh.machine().maps(object.contents())) {
            if (map.name().equals(contents.map())) {
                return map;
            }
        }
        throw new Refusal(
                Kind.INVALID,
                "the workload fills map " + contents.map() + " of object " + contents.object()
                        + ", which is not there");
    }

    /** Makes the programs of all objects what they are on the new machine. */
    void take() {
        for (ServedObject object : objects) {
            for (ServedProgram program : object.programs()) {
                InFresh known = programs.get(program);
                program.setInMachine(known == null ? null : known.loaded);
                program.setLoaded(known != null);
                program.setAttachments(known == null ? List.of() : known.attachments);
            }
        }
    }
}
