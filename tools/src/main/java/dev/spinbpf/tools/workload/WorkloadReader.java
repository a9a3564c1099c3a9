package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.WorkloadSpec;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads workload files. First the text is compared with the grammar, then what it names with the files that are there;
 * all mistakes of both are reported together.
 */
public final class WorkloadReader {
    private final FileSource files;

    private WorkloadReader(FileSource files) {
        this.files = files;
    }

    /**
     * Reads a workload.
     *
     * @param fileName the file's name for messages
     * @param bytes its contents
     * @param files gives what it names
     * @throws WorkloadFileException with all mistakes
     */
    public static WorkloadSpec read(String fileName, byte[] bytes, FileSource files) throws WorkloadFileException {
        Mistakes mistakes = new Mistakes(fileName);
        return read(fileName, YamlReader.read(bytes, mistakes), files, mistakes);
    }

    /**
     * As {@link #read(String, byte[], FileSource)}, for a workload that is written in JSON.
     *
     * @throws WorkloadFileException with all mistakes
     */
    public static WorkloadSpec readJson(String fileName, byte[] bytes, FileSource files) throws WorkloadFileException {
        Mistakes mistakes = new Mistakes(fileName);
        return read(fileName, JsonReader.read(bytes, mistakes), files, mistakes);
    }

    private static WorkloadSpec read(String fileName, @Nullable YamlNode root, FileSource files, Mistakes mistakes)
            throws WorkloadFileException {
        if (root == null) {
            mistakes.raise();
            throw new WorkloadFileException(List.of(fileName + ": is empty"));
        }
        requireVersion(root, mistakes);
        new ShapeChecker(mistakes).check(root, WorkloadGrammar.FILE, "");
        Fields file = new Fields(root, root.place(), "", WorkloadGrammar.FILE, mistakes);
        WorkloadReader reader = new WorkloadReader(files);
        WorkloadSpec spec = file.has("mode") ? mode(file) : reader.programs(file);
        mistakes.raise();
        return spec;
    }

    /** The name of an object that is given none: its file's, without directories and the usual ends. */
    public static String objectName(String path) {
        return ObjectTable.nameOf(path);
    }

    /** The keys of another version are not known: nothing else is said of it. */
    private static void requireVersion(YamlNode root, Mistakes mistakes) throws WorkloadFileException {
        Fields file = new Fields(root, root.place(), "", WorkloadGrammar.FILE, mistakes);
        boolean isNumber = file.node("version") instanceof YamlNode.Scalar scalar && scalar.integer() != null;
        if (isNumber && file.whole("version", 0) != WorkloadGrammar.VERSION) {
            file.wrong(
                    "version",
                    "expected " + WorkloadGrammar.VERSION + ", the version that this spinbpf reads, found "
                            + String.valueOf(
                                    file.node("version") instanceof YamlNode.Scalar found ? found.text() : ""));
            mistakes.raise();
        }
    }

    // Common keys.

    private static Pacing pacing(Fields fields, Pacing usual) {
        String rate = fields.text("rate");
        String period = fields.text("period");
        if (!rate.isEmpty()) {
            return TimeText.rate(rate);
        }
        return period.isEmpty() ? usual : new Pacing.Period(TimeText.nanos(period));
    }

    private static Duration duration(Fields file, Duration usual) {
        String text = file.text("duration");
        return text.isEmpty() ? usual : TimeText.duration(text);
    }

    private static Duration time(Fields fields, String key, Duration usual) {
        String text = fields.text(key);
        return text.isEmpty() ? usual : Duration.ofNanos(TimeText.nanos(text));
    }

    private static LockChoice lock(Fields file, LockChoice usual) {
        String text = file.text("lock");
        return text.isEmpty() ? usual : LockChoice.valueOf(text.toUpperCase(Locale.ROOT));
    }

    // Modes.

    private static ModeOptions mode(Fields file) {
        Fields mode = file.fields("mode");
        String name = mode.text("name");
        ModeOptions usual =
                ModeOptions.of(name.isEmpty() ? StressMode.AA : StressMode.valueOf(name.toUpperCase(Locale.ROOT)));
        boolean torture = usual.mode() == StressMode.TORTURE;
        int cpus = (int) file.whole("cpus", usual.cpus());
        if (cpus < usual.mode().fewestCpus()) {
            file.wrong(
                    "cpus", "expected " + usual.mode().fewestCpus() + " or more for mode " + name + ", found " + cpus);
        }
        LockChoice lock = lock(file, usual.algorithm());
        if (lock == LockChoice.BOTH && !torture) {
            file.wrong("lock", "expected queued or tas for mode " + name + ", found both");
        }
        if (mode.has("locks") && !torture) {
            mode.wrong("locks", "is for mode torture; the others have their one, two or three locks");
        }
        Duration normal = time(mode, "normal_delay", usual.normalDelay());
        Pacing nmis = torture || normal.isZero() ? StressOptions.DEFAULT.nmis() : Pacing.every(normal);
        Fields interrupts = file.fields("interrupts");
        return usual.withAlgorithm(lock)
                .withCpus(cpus)
                .withDuration(duration(file, usual.duration()))
                .withDelays(normal, time(mode, "nmi_delay", usual.nmiDelay()))
                .withInterrupts(
                        pacing(interrupts.fields("nmi"), nmis), pacing(interrupts.fields("hardirq"), usual.hardirqs()))
                .withLocks((int) mode.whole("locks", usual.locks()))
                .withHeldTimesInterval((int) file.whole("held_times", 0))
                .withSeed(file.whole("seed", usual.seed()));
    }

    // Programs.

    private ProgramWorkload programs(Fields file) {
        ProgramWorkload usual = ProgramWorkload.of(List.of());
        LockChoice lock = lock(file, usual.lock());
        if (lock == LockChoice.BOTH) {
            file.wrong("lock", "expected queued or tas, found both, which is for mode torture");
        }
        int cpus = (int) file.whole("cpus", usual.cpus());
        NamedFile kernelTypes = open(file, "kernel_types");
        ObjectTable objects = ObjectTable.read(file, this, kernelTypes);
        Fields interrupts = file.fields("interrupts");
        return new ProgramWorkload(
                cpus,
                lock,
                file.whole("seed", usual.seed()),
                duration(file, usual.duration()),
                (int) file.whole("held_times", 0),
                pacing(interrupts.fields("nmi"), usual.nmis()),
                pacing(interrupts.fields("hardirq"), usual.hardirqs()),
                kernelTypes,
                objects.files(),
                AttachmentReader.read(file, objects, cpus),
                DelayReader.read(file, objects),
                MapContentsReader.read(file, objects),
                PacketsReader.read(file, this),
                promises(file),
                tasks(file, cpus));
    }

    private static List<TaskSpec> tasks(Fields file, int cpus) {
        List<TaskSpec> tasks = new ArrayList<>();
        Set<Integer> pids = new HashSet<>();
        for (Fields fields : file.list("tasks")) {
            String comm = fields.text("comm");
            String cgroup = fields.text("cgroup");
            TaskSpec task = new TaskSpec(
                    (int) fields.whole("pid", 2),
                    comm.isEmpty() ? TaskText.USUAL_COMM : comm,
                    (int) fields.whole("uid", 0),
                    cgroup.isEmpty() ? TaskText.ROOT : cgroup,
                    fields.scalars("stack").stream()
                            .map(item -> item.scalar().text())
                            .toList());
            String mistake = Tasks.mistake(task, pids, cpus);
            if (mistake.isEmpty()) {
                tasks.add(task);
                pids.add(task.pid());
            } else {
                fields.wrong("pid", mistake);
            }
        }
        return tasks;
    }

    private static List<Promise> promises(Fields file) {
        List<Promise> promises = new ArrayList<>();
        for (Fields.Item item : file.scalars("promises")) {
            try {
                promises.add(Promise.parse(item.scalar().text()));
            } catch (PromiseException e) {
                file.mistakes()
                        .add(item.scalar().place(), item.path(), "expected a condition, found " + e.getMessage());
            }
        }
        return promises;
    }

    /** Opens the file that a key names; null where there is none, which has been reported. */
    @Nullable
    NamedFile open(Fields fields, String key) {
        String path = fields.text(key);
        if (path.isEmpty()) {
            return null;
        }
        try {
            return files.open(path);
        } catch (UnreadableFileException e) {
            fields.wrong(key, "expected a file that can be read, found " + e.getMessage());
            return null;
        }
    }

    /** The pacing of an attachment. */
    static Pacing attachmentPacing(Fields attachment) {
        return pacing(attachment, Pacing.Unpaced.INSTANCE);
    }
}
