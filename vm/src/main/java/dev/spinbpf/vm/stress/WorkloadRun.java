package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.JitMode;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A workload of programs on a machine of its own: the objects are read, their programs verified, the accepted ones
 * loaded and attached, and the maps filled. A program that Linux would refuse, or that has no hook here, is left out and
 * reported; everything else that does not fit is an error.
 */
public final class WorkloadRun implements StressRun {
    private final ProgramWorkload spec;
    private final Machine machine;
    private final StressDriver driver;
    private final List<LoadedObject> objects = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();
    private final List<Verdict> verdicts = new ArrayList<>();
    private final List<ProgramWorkload.Attachment> attachments = new ArrayList<>();
    private List<BoundPromise> promises = List.of();

    /**
     * An object in the machine.
     *
     * @param name what the workload calls it
     * @param object its contents
     * @param programs its loaded programs, by name
     */
    public record LoadedObject(String name, ProgramObject object, Map<String, LoadedProgram> programs) {}

    /** The outcomes for a program. */
    public enum Outcome {
        /** Loaded. */
        ACCEPTED,
        /** Linux would refuse it. */
        REJECTED,
        /** It uses something that is not built here. */
        UNSUPPORTED,
        /** It was accepted, but could not be loaded or has no hook here. */
        NOT_ATTACHED
    }

    /**
     * The answer for a program.
     *
     * @param object what the workload calls its object
     * @param reason the verifier's message, or the reason why it is not attached; empty where it was accepted
     * @param explanation the reason in plain words, may be empty
     */
    public record Answer(
            String object, String program, String section, Outcome outcome, String reason, String explanation) {}

    private WorkloadRun(ProgramWorkload spec, MachineOptions machineOptions) {
        this.spec = spec;
        machine = new Machine(machineOptions);
        LockDelays delays = new LockDelays(spec.delays(), spec.cpus(), spec.seed());
        if (!spec.delays().isEmpty()) {
            machine.setHoldDelay(delays);
        }
        driver = new StressDriver(
                machine,
                new StressOptions(spec.duration(), spec.nmis(), spec.hardirqs(), spec.packets(), spec.seed()),
                delays);
    }

    /**
     * Prepares a run.
     *
     * @throws WorkloadException where an object cannot be read, a name in the workload stands for nothing, or a map
     *     cannot be filled
     */
    public static WorkloadRun prepare(ProgramWorkload spec) throws WorkloadException {
        return prepare(spec, JitMode.ofProperty());
    }

    /**
     * Prepares a run.
     *
     * @param jit when programs are compiled
     * @throws WorkloadException as {@link #prepare(ProgramWorkload)}
     */
    public static WorkloadRun prepare(ProgramWorkload spec, JitMode jit) throws WorkloadException {
        return prepare(
                spec,
                options(spec).withHeldTimesInterval(spec.heldTimesInterval()).withJit(jit));
    }

    /**
     * Prepares a workload whose programs are simulated: their accesses pass schedule points. It is not to be started.
     *
     * @param clock the simulation's time
     * @throws WorkloadException as {@link #prepare(ProgramWorkload)}
     */
    public static WorkloadRun prepareObserved(ProgramWorkload spec, Clock clock) throws WorkloadException {
        return prepare(spec, options(spec).withClock(clock).withObservation());
    }

    private static MachineOptions options(ProgramWorkload spec) {
        return MachineOptions.ofCpus(spec.cpus())
                .withSeed(spec.seed())
                .withTestAndSet(spec.lock() == LockChoice.TAS)
                .withTasks(spec.tasks());
    }

    private static WorkloadRun prepare(ProgramWorkload spec, MachineOptions options) throws WorkloadException {
        WorkloadRun run = new WorkloadRun(spec, options);
        boolean done = false;
        try {
            run.load();
            run.attachAll();
            run.fillMaps();
            run.promises = BoundPromise.of(run.machine, run.objects, spec.promises());
            done = true;
            return run;
        } finally {
            if (!done) {
                run.close();
            }
        }
    }

    /**
     * Reads an object as a workload does.
     *
     * @param kernelTypes the kernel's types, or {@link Btf#EMPTY}
     * @param loading what is set before it is loaded; a text program cannot have any
     * @throws WorkloadException where it is no object, or no text program if its name ends in {@code .bpfasm}
     */
    public static ProgramObject read(ProgramWorkload.NamedFile file, Btf kernelTypes, Loading loading)
            throws WorkloadException {
        byte[] bytes = file.contents().toArray();
        ReadOptions options = loading.readOptions(kernelTypes);
        try {
            return file.name().endsWith(Assembler.FILE_SUFFIX)
                    ? Assembler.assemble(file.name(), bytes, options)
                    : ObjectReader.read(file.name(), bytes, options);
        } catch (MalformedObjectException | AssemblyException e) {
            throw new WorkloadException(String.valueOf(e.getMessage()));
        }
    }

    /** Reads the kernel's types; {@link Btf#EMPTY} where there is no file. */
    public static Btf readTypes(ProgramWorkload.@Nullable NamedFile file) throws WorkloadException {
        try {
            return file == null
                    ? Btf.EMPTY
                    : ObjectReader.readTypes(file.name(), file.contents().toArray());
        } catch (MalformedObjectException e) {
            throw new WorkloadException(String.valueOf(e.getMessage()));
        }
    }

    private void load() throws WorkloadException {
        Btf kernelTypes = readTypes(spec.kernelTypes());
        for (ProgramWorkload.ObjectFile file : spec.objects()) {
            ProgramObject object = read(file.file(), kernelTypes, file.loading());
            Map<String, LoadedProgram> programs = new LinkedHashMap<>();
            Verifier verifier =
                    new Verifier(object, new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT));
            for (Program program : object.programs()) {
                if (file.includes(program.name())) {
                    LoadedProgram loaded = load(file.name(), program, verifier);
                    if (loaded != null) {
                        programs.put(program.name(), loaded);
                    }
                }
            }
            for (UnlinkedProgram program : object.unlinked()) {
                answer(file.name(), program.name(), program.section(), Outcome.REJECTED, program.reason(), "");
            }
            objects.add(new LoadedObject(file.name(), object, programs));
        }
    }

    private @Nullable LoadedProgram load(String name, Program program, Verifier verifier) {
        Verdict verdict = verifier.verify(program);
        verdicts.add(verdict);
        return switch (verdict) {
            case Verdict.Accepted accepted -> {
                try {
                    LoadedProgram loaded = machine.load(accepted.program());
                    answer(name, program, Outcome.ACCEPTED, "", "");
                    yield loaded;
                } catch (MapCreationException | UnsupportedProgramException e) {
                    answer(name, program, Outcome.NOT_ATTACHED, String.valueOf(e.getMessage()), "");
                    yield null;
                }
            }
            case Verdict.Rejected rejected -> {
                answer(
                        name,
                        program,
                        Outcome.REJECTED,
                        rejected.message(),
                        rejected.explanation().text());
                yield null;
            }
            case Verdict.Unsupported unsupported -> {
                answer(name, program, Outcome.UNSUPPORTED, unsupported.what(), "");
                yield null;
            }
        };
    }

    private void answer(String object, Program program, Outcome outcome, String reason, String explanation) {
        answer(object, program.name(), program.section(), outcome, reason, explanation);
    }

    private void answer(
            String object, String program, String section, Outcome outcome, String reason, String explanation) {
        answers.add(new Answer(object, program, section, outcome, reason, explanation));
    }

    private void attachAll() throws WorkloadException {
        if (spec.attachments().isEmpty()) {
            for (LoadedObject object : objects) {
                for (String program : object.programs().keySet()) {
                    attach(object, ProgramWorkload.Attachment.of(object.name(), program));
                }
            }
            return;
        }
        for (ProgramWorkload.Attachment attachment : spec.attachments()) {
            attach(object(attachment.object()), attachment);
        }
    }

    private LoadedObject object(String name) throws WorkloadException {
        for (LoadedObject object : objects) {
            if (object.name().equals(name)) {
                return object;
            }
        }
        throw new WorkloadException("there is no object named " + name);
    }

    private void attach(LoadedObject object, ProgramWorkload.Attachment how) throws WorkloadException {
        LoadedProgram loaded = object.programs().get(how.program());
        if (loaded == null) {
            if (answers.stream().noneMatch(answer -> isOf(answer, how))) {
                throw new WorkloadException("object " + object.name() + " has no program " + how.program());
            }
            return;
        }
        try {
            driver.attach(loaded, how);
            String hook = HookTable.of(loaded.program(), how.hook()).name();
            attachments.add(new ProgramWorkload.Attachment(
                    how.object(), how.program(), hook, how.level(), how.pacing(), how.cpus()));
        } catch (UnsupportedProgramException e) {
            answers.removeIf(answer -> isOf(answer, how));
            answer(object.name(), loaded.program(), Outcome.NOT_ATTACHED, String.valueOf(e.getMessage()), "");
        }
    }

    private static boolean isOf(Answer answer, ProgramWorkload.Attachment how) {
        return answer.object().equals(how.object()) && answer.program().equals(how.program());
    }

    private void fillMaps() throws WorkloadException {
        Cpu cpu = machine.cpus().get(0);
        for (ProgramWorkload.MapContents contents : spec.maps()) {
            MapFiller.fill(map(object(contents.object()), contents.map()), contents, cpu);
        }
    }

    private BpfMap map(LoadedObject object, String name) throws WorkloadException {
        try {
            for (BpfMap map : machine.maps(object.object())) {
                if (map.name().equals(name)) {
                    return map;
                }
            }
        } catch (MapCreationException e) {
            throw new WorkloadException(String.valueOf(e.getMessage()));
        }
        throw new WorkloadException("object " + object.name() + " has no map " + name);
    }

    /** Returns the workload that it was made of. */
    public ProgramWorkload spec() {
        return spec;
    }

    /** Returns the workload with its attachments spelt out: those that were made, each with its hook. */
    public ProgramWorkload effectiveSpec() {
        return spec.withAttachments(attachments);
    }

    /** Returns the attachments that were made, each with its hook. */
    public List<ProgramWorkload.Attachment> attachments() {
        return List.copyOf(attachments);
    }

    public Machine machine() {
        return machine;
    }

    /** Returns the driver, by which programs are attached and detached while the workload runs. */
    public StressDriver driver() {
        return driver;
    }

    /** Returns the objects, in the order of the workload. */
    public List<LoadedObject> objects() {
        return List.copyOf(objects);
    }

    /** Returns the verdicts on all programs that could be linked, in order. */
    public List<Verdict> verdicts() {
        return List.copyOf(verdicts);
    }

    /** Returns the answers for all programs, in order. */
    public List<Answer> answers() {
        return List.copyOf(answers);
    }

    @Override
    public void start() {
        driver.start();
    }

    @Override
    public void await() throws InterruptedException {
        driver.await();
    }

    @Override
    public void stop() {
        driver.stop();
    }

    @Override
    public boolean isRunning() {
        return driver.isRunning();
    }

    /** Returns a report of the run so far. Any thread may call it, at any time. */
    public StressReport snapshot() {
        return driver.snapshot();
    }

    /** Stops all CPUs and reports, within ten seconds, and says which promises were kept. */
    public StressReport finish() throws InterruptedException {
        StressReport report = driver.finish();
        return report.withPromises(
                report.isStuck()
                        ? PromiseRow.unchecked(spec.promises(), "CPUs did not come to an end")
                        : PromiseRow.check(promises));
    }

    /** Starts, waits until the duration is over or {@link #stop} is called, and reports. */
    public StressReport run() throws InterruptedException {
        start();
        await();
        return finish();
    }

    @Override
    public void close() {
        machine.close();
    }
}
