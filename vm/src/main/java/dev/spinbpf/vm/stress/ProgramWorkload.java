package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.task.TaskSpec;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A workload of programs.
 *
 * @param cpus emulated CPUs, 1 to {@link #MOST_CPUS}
 * @param lock the resilient locks' algorithm, not {@link LockChoice#BOTH}
 * @param seed of random numbers, of packets and of the moments at which interrupts land
 * @param duration how long; {@link StressOptions#FOREVER} until it is stopped
 * @param heldTimesInterval of how many acquisitions, on average, one is timed until its release; 0 for none
 * @param nmis NMIs on each CPU besides those of attachments; each runs the attachments at its level that are not paced
 * @param hardirqs timer interrupts on each CPU, in the same way
 * @param kernelTypes the kernel's BTF, or null
 * @param objects the objects; their names differ
 * @param attachments which programs run, on which events; empty for each accepted program where its section says
 * @param delays time that CPUs spend in critical sections besides what the programs do there
 * @param maps what is put into maps at the start
 * @param packets what arrives
 * @param promises conditions that have to hold when a run has ended
 * @param tasks tasks besides those of the CPUs, which take turns on them
 */
public record ProgramWorkload(
        int cpus,
        LockChoice lock,
        long seed,
        Duration duration,
        int heldTimesInterval,
        Pacing nmis,
        Pacing hardirqs,
        @Nullable NamedFile kernelTypes,
        List<ObjectFile> objects,
        List<Attachment> attachments,
        List<LockDelay> delays,
        List<MapContents> maps,
        Packets packets,
        List<Promise> promises,
        List<TaskSpec> tasks)
        implements WorkloadSpec {
    /** Most emulated CPUs. */
    public static final int MOST_CPUS = 64;

    /** Copies the lists. */
    public ProgramWorkload {
        objects = List.copyOf(objects);
        attachments = List.copyOf(attachments);
        delays = List.copyOf(delays);
        maps = List.copyOf(maps);
        promises = List.copyOf(promises);
        tasks = List.copyOf(tasks);
    }

    /** Objects on two CPUs for five seconds, with an NMI and a timer interrupt each millisecond. */
    public static ProgramWorkload of(List<ObjectFile> objects) {
        StressOptions defaults = StressOptions.DEFAULT;
        return new ProgramWorkload(
                2,
                LockChoice.QUEUED,
                defaults.seed(),
                defaults.duration(),
                0,
                defaults.nmis(),
                defaults.hardirqs(),
                null,
                objects,
                List.of(),
                List.of(),
                List.of(),
                Packets.DEFAULT,
                List.of(),
                List.of());
    }

    /**
     * The contents of a file.
     *
     * @param name the file's name, for messages
     * @param contents its bytes
     */
    public record NamedFile(String name, ByteString contents) {}

    /**
     * An object.
     *
     * @param name what attachments and maps call it
     * @param file a BPF object, or a text program where its name ends in {@code .bpfasm}
     * @param programs the programs that take part; empty for all
     * @param loading what is set before it is loaded
     */
    public record ObjectFile(String name, NamedFile file, List<String> programs, Loading loading) {
        /** Copies the list. */
        public ObjectFile {
            programs = List.copyOf(programs);
        }

        /** An object that is loaded as it is. */
        public ObjectFile(String name, NamedFile file, List<String> programs) {
            this(name, file, programs, Loading.NONE);
        }

        /** Returns true where a program takes part. */
        public boolean includes(String program) {
            return programs.isEmpty() || programs.contains(program);
        }
    }

    /**
     * A program at a hook. Programs that are attached to one hook in the same way (level, pacing, CPUs) run one after
     * the other for the same events; otherwise each has events of its own.
     *
     * @param object the object's name
     * @param program the program's name
     * @param hook the hook's name; empty for the one that the program's section names
     * @param level the level at which its events come; null for the hook's own. Always null for hooks inside the
     *     runtime, which fire at the level of what runs
     * @param pacing how often they come; {@link Pacing.Unpaced} for hooks inside the runtime
     * @param cpus where they come
     */
    public record Attachment(
            String object,
            String program,
            String hook,
            @Nullable ContextLevel level,
            Pacing pacing,
            CpuSet cpus) {
        /** A program where its section says, as often as its CPUs get to it. */
        public static Attachment of(String object, String program) {
            return new Attachment(object, program, "", null, Pacing.Unpaced.INSTANCE, CpuSet.ALL);
        }
    }

    /**
     * A delay in critical sections: the CPU is busy for a time, while interrupts land, right after it took a lock.
     *
     * @param lock the lock: its name in reports, or its bare name (of the variable or member, or {@code bucket} and the
     *     like); empty for any
     * @param map name of the map that the lock is in, be it one of a program in its values or one of the map itself;
     *     empty for any
     * @param level the level at which the lock is taken, or null for any
     * @param nanos how long, in nanoseconds
     * @param oneIn it happens once in so many acquisitions on average, chosen by the seed; 1 for each
     */
    public record LockDelay(
            String lock, String map, @Nullable ContextLevel level, long nanos, int oneIn) {}

    /**
     * Elements of a map at the start.
     *
     * @param object the object's name
     * @param map the map's name
     * @param elements keys and values; of per-CPU maps each CPU gets the value
     */
    public record MapContents(String object, String map, List<Element> elements) {
        /** Copies the list. */
        public MapContents {
            elements = List.copyOf(elements);
        }
    }

    /**
     * An element of a map.
     *
     * @param key of the map's key size; empty for queues, stacks and bloom filters
     * @param value of the map's value size
     */
    public record Element(ByteString key, ByteString value) {}

    @Override
    public ProgramWorkload withDuration(Duration value) {
        return with(cpus, value, seed, attachments, promises, tasks);
    }

    @Override
    public ProgramWorkload withSeed(long value) {
        return with(cpus, duration, value, attachments, promises, tasks);
    }

    /** Returns the same workload on another number of CPUs. */
    public ProgramWorkload withCpus(int value) {
        return with(value, duration, seed, attachments, promises, tasks);
    }

    /** Returns the same workload with these attachments. */
    public ProgramWorkload withAttachments(List<Attachment> value) {
        return with(cpus, duration, seed, value, promises, tasks);
    }

    /** Returns the same workload with these promises. */
    public ProgramWorkload withPromises(List<Promise> value) {
        return with(cpus, duration, seed, attachments, value, tasks);
    }

    /** Returns the same workload with these tasks. */
    public ProgramWorkload withTasks(List<TaskSpec> value) {
        return with(cpus, duration, seed, attachments, promises, value);
    }

    private ProgramWorkload with(
            int newCpus,
            Duration newDuration,
            long newSeed,
            List<Attachment> newAttachments,
            List<Promise> newPromises,
            List<TaskSpec> newTasks) {
        return new ProgramWorkload(
                newCpus,
                lock,
                newSeed,
                newDuration,
                heldTimesInterval,
                nmis,
                hardirqs,
                kernelTypes,
                objects,
                newAttachments,
                delays,
                maps,
                packets,
                newPromises,
                newTasks);
    }
}
