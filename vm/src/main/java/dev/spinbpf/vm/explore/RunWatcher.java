package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.maps.sched.Watcher;
import dev.spinbpf.maps.sync.ElementEvent;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.deferred.DeferredCalls;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Fault;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sees the runs of one exploration: says at which accesses there is a choice, keeps the number of what has happened, and
 * reports what it finds.
 */
final class RunWatcher implements Watcher {
    /** Times that waiters may look again in vain before choices end until somebody writes. */
    private static final int FRUITLESS_LOOKS = 2;

    /** Stands for the step of a context that disables interrupts. */
    private static final long MASKING = -1;

    private static final long STALL_NANOS = 2_000_000_000;

    private final int stalls;
    private final Finding.Sink sink;
    private final Results results;
    private final Footprints footprints;
    private final boolean chooseEverywhere;
    private final PromiseWatch promises;
    private final LockGuarantees guarantees;
    private LockNumbers locks = new LockNumbers();
    private final List<List<Integer>> heldBelow = new ArrayList<>();
    private final List<Place> lastPlaces = new ArrayList<>();
    private @Nullable WordTable words;
    private @Nullable TraceHash trace;
    private @Nullable RaceDetector races;
    private @Nullable StaleElements elements;
    private @Nullable Storyboard storyboard;
    private @Nullable Enumeration enumeration;
    private @Nullable Machine machine;
    private @Nullable Simulation simulation;
    private boolean masksMatter;
    private int stalled;
    private int fruitless;

    /**
     * @param chooseEverywhere whether each access is a choice, whatever the footprints say
     */
    RunWatcher(
            int stalls,
            Footprints footprints,
            boolean chooseEverywhere,
            PromiseWatch promises,
            Results results,
            Finding.Sink sink) {
        this.stalls = stalls;
        this.footprints = footprints;
        this.chooseEverywhere = chooseEverywhere;
        this.promises = promises;
        this.results = results;
        this.sink = sink;
        guarantees = new LockGuarantees(sink);
    }

    /** Tells an enumeration of all steps from the next run on. */
    void tell(Enumeration listener) {
        enumeration = listener;
    }

    /** Records rows from the next run on. */
    void record(Storyboard rows) {
        storyboard = rows;
    }

    /**
     * Begins a run on a machine.
     *
     * @param maskable whether interrupts land that can be masked
     */
    void begin(Simulation run, Machine on, boolean maskable) {
        simulation = run;
        masksMatter = maskable;
        stalled = 0;
        fruitless = 0;
        if (machine != on) {
            machine = on;
            int contexts = on.cpus().count() * ContextLevel.count();
            words = new WordTable(on.cpus());
            locks = new LockNumbers();
            trace = new TraceHash(contexts);
            RaceDetector detector = new RaceDetector(contexts, sink, results.notes());
            races = detector;
            elements = new StaleElements(contexts, present(words), detector, sink);
        }
        heldBelow.clear();
        lastPlaces.clear();
        for (int i = 0; i < on.cpus().count(); i++) {
            heldBelow.add(new ArrayList<>());
            lastPlaces.add(Place.NONE);
        }
        trace().reset();
        races().reset();
        present(elements).reset();
        guarantees.begin(run.clock().nanoTime());
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.begin();
        }
    }

    private TraceHash trace() {
        return present(trace);
    }

    private RaceDetector races() {
        return present(races);
    }

    private Machine machine() {
        return present(machine);
    }

    private static <T> T present(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("no run has begun");
        }
        return part;
    }

    /** Returns the number of the state that the run is in, apart from who runs. */
    long state() {
        return trace().value() * 31 + stalled * 7L + Math.min(fruitless, FRUITLESS_LOOKS + 1);
    }

    private static int context(Cpu cpu) {
        return cpu.id() * ContextLevel.count() + cpu.level().ordinal();
    }

    private static @Nullable Execution current(Cpu cpu) {
        return cpu.extension() instanceof CpuContext context ? context.current() : null;
    }

    private boolean isPrivate(Cpu cpu, Object owner, long address) {
        if (!owner.equals(SchedulePoint.GUEST)) {
            return false;
        }
        for (Cpu each : cpu.cpus().all()) {
            if (each.extension() instanceof CpuContext context && context.isPrivate(address)) {
                return true;
            }
        }
        return false;
    }

    private long use(Cpu cpu, boolean writes) {
        HeldLocks held = cpu.heldLocks();
        List<Integer> below = heldBelow.get(cpu.id());
        long bits = 0;
        for (int i = below.isEmpty() ? 0 : below.getLast(); i < held.count(); i++) {
            long lock = held.heldAt(i);
            if (lock != 0) {
                bits |= Footprints.lockBit(locks.of(lock));
            }
        }
        return Footprints.use(context(cpu), writes, !cpu.irqsEnabled(), bits);
    }

    // Choices.

    @Override
    public boolean isChoice(Cpu cpu, SharedAccess access, Object owner, long address, int sizeBytes) {
        if (fruitless > FRUITLESS_LOOKS) {
            return false;
        }
        if (access == SharedAccess.MASK) {
            return masksMatter;
        }
        if (access == SharedAccess.WAIT) {
            return true;
        }
        return isChoice(cpu, isContended(cpu, access.writes(), owner, address, sizeBytes));
    }

    private boolean isChoice(Cpu cpu, boolean contended) {
        Enumeration listener = enumeration;
        if (contended && listener != null) {
            listener.before(cpu.id(), true);
        }
        return chooseEverywhere || contended;
    }

    @Override
    public boolean isChoiceBeforeCopy(Cpu cpu, long from, long to, int sizeBytes) {
        return isChoice(
                cpu,
                isContended(cpu, false, SchedulePoint.GUEST, from, sizeBytes)
                        || isContended(cpu, true, SchedulePoint.GUEST, to, sizeBytes));
    }

    @Override
    public boolean isChoiceAfterTime() {
        return fruitless <= FRUITLESS_LOOKS;
    }

    private boolean isContended(Cpu cpu, boolean writes, Object owner, long address, int sizeBytes) {
        if (isPrivate(cpu, owner, address)) {
            return false;
        }
        long use = use(cpu, writes);
        WordTable table = present(words);
        int units = WordTable.units(owner, address, sizeBytes);
        for (int i = 0; i < units; i++) {
            if (footprints.isContended(table.number(owner, address, i), use)) {
                return true;
            }
        }
        return false;
    }

    // What happens.

    @Override
    public void accessed(Cpu cpu, SharedAccess access, Object owner, long address, int sizeBytes) {
        if (access == SharedAccess.MASK) {
            trace().local(context(cpu), MASKING);
            stepped(cpu, access);
            return;
        }
        promises.atPoint();
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.accessed(cpu, current(cpu));
        }
        if (access == SharedAccess.WAIT) {
            if (fruitless == FRUITLESS_LOOKS) {
                lastPlaces.set(cpu.id(), Place.of(current(cpu)));
            }
            trace().local(context(cpu), 1);
            stepped(cpu, access);
            return;
        }
        if (isPrivate(cpu, owner, address)) {
            return;
        }
        boolean writes = access.writes();
        if (writes) {
            fruitless = 0;
        }
        int context = context(cpu);
        WordTable table = present(words);
        TraceHash hash = trace();
        long use = use(cpu, writes);
        int units = WordTable.units(owner, address, sizeBytes);
        boolean inGuest = owner.equals(SchedulePoint.GUEST);
        races().masks(context, !cpu.irqsEnabled());
        hash.begin(context, writes);
        meet(cpu, use, owner, address, units, writes);
        for (int i = 0; i < units; i++) {
            int word = table.number(owner, address, i);
            footprints.add(word, use);
            hash.touch(word, writes);
            // What orders is noted even before a second context is known: it may come later in this run. A run by
            // itself, with no other before it to learn from, notes all.
            boolean ordersCalls = owner instanceof DeferredCalls;
            boolean noted = chooseEverywhere || RaceDetector.isOrdering(access) || footprints.isShared(word);
            if (ordersCalls || inGuest && noted) {
                races().access(context, access, word, (long) sizeBytes << 56 | address, current(cpu));
            }
        }
        for (int i = 0; i < units; i++) {
            hash.leave(table.number(owner, address, i), writes);
        }
        hash.end(context);
        stepped(cpu, access);
    }

    /** Tells of a step in which words meet that were used before, as far as others contend for them. */
    private void meet(Cpu cpu, long use, Object owner, long address, int units, boolean writes) {
        Enumeration listener = enumeration;
        if (listener == null) {
            return;
        }
        Dependences dependences = listener.dependences();
        WordTable table = present(words);
        int context = context(cpu);
        int choice = listener.choiceBefore(cpu.id());
        dependences.begin(context);
        for (int i = 0; i < units; i++) {
            int word = table.number(owner, address, i);
            if (footprints.isContended(word, use)) {
                dependences.meet(context, word, writes, listener);
            }
        }
        for (int i = 0; i < units; i++) {
            int word = table.number(owner, address, i);
            if (footprints.isContended(word, use)) {
                dependences.use(context, word, writes, choice, listener);
            }
        }
    }

    private void stepped(Cpu cpu, SharedAccess access) {
        Enumeration listener = enumeration;
        if (listener != null && access != SharedAccess.COPY_READ) { // What it writes comes next, after the same choice.
            listener.after(cpu.id());
        }
    }

    @Override
    public void told(Cpu cpu, ElementEvent event) {
        int number = present(words).element(event.map(), event.key(), event.keySize());
        switch (event) {
            case ElementEvent.Found found ->
                present(elements).found(context(cpu), number, found.value(), found.valueSize(), current(cpu));
            case ElementEvent.Put put -> present(elements).put(context(cpu), number, put.replaces(), current(cpu));
        }
    }

    @Override
    public void landing(Cpu cpu, ContextLevel level) {
        heldBelow.get(cpu.id()).add(cpu.heldLocks().count());
        races().masks(context(cpu), !cpu.irqsEnabled());
        if (level != ContextLevel.NMI) {
            races().landing(cpu.id() * ContextLevel.count() + level.ordinal());
        }
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.landing(cpu, level);
        }
    }

    @Override
    public void landed(Cpu cpu, ContextLevel level) {
        heldBelow.get(cpu.id()).removeLast();
        races().landed(cpu.id() * ContextLevel.count() + level.ordinal(), level != ContextLevel.NMI);
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.landed(cpu);
        }
    }

    @Override
    public void picked(Cpu cpu, int choice) {
        trace().local(context(cpu), choice + 2L);
    }

    @Override
    public void timePassed() {
        fruitless++;
        trace().barrier();
        Enumeration listener = enumeration;
        if (listener != null) {
            listener.dependences().barrier();
        }
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.timePassed();
        }
    }

    /** A program that a CPU began with has ended. */
    void ran(Cpu cpu, ContextLevel level) {
        races().ran(cpu.id() * ContextLevel.count() + level.ordinal());
    }

    // Locks and faults.

    /** A lock was taken; the CPU may stand still now. */
    void taken(Cpu cpu, LockClass lockClass) {
        Place place = Place.of(current(cpu));
        results.acquired(place, lockClass.name());
        checkExclusion(cpu);
        Simulation run = simulation;
        if (run != null && stalled < stalls && run.pick(2) == 1) {
            stalled++;
            Storyboard rows = storyboard;
            if (rows != null) {
                rows.stalled(cpu);
            }
            run.sleep(STALL_NANOS);
        }
    }

    private void checkExclusion(Cpu cpu) {
        HeldLocks held = cpu.heldLocks();
        long lock = held.count() == 0 ? 0 : held.heldAt(held.count() - 1);
        if (lock != 0) {
            locks.of(lock);
        }
        for (Cpu other : cpu.cpus().all()) {
            for (int i = 0; lock != 0 && i < other.heldLocks().count(); i++) {
                boolean itself = other == cpu && i == held.count() - 1;
                if (!itself && other.heldLocks().heldAt(i) == lock) {
                    String name = nameOf(lock);
                    sink.found(new Finding(
                            Finding.Kind.EXCLUSION,
                            "exclusion: " + name,
                            name + " is held twice",
                            "CPU " + cpu.id() + " took " + name + ", which CPU " + other.id() + " holds.",
                            lock));
                }
            }
        }
    }

    private String nameOf(long lock) {
        return machine().lockStats().ofAddress(lock).name();
    }

    /** A lock could not be taken. */
    void failed(LockFailure failure) {
        Cpu cpu = machine().cpus().get(failure.cpu());
        Place place = Place.of(current(cpu));
        String name = failure.lockClass().name();
        results.failed(place, name, failure.outcome());
        locks.of(failure.attemptedLock());
        guarantees.failed(cpu, failure, place);
        Storyboard rows = storyboard;
        if (rows != null) {
            rows.failed(cpu, failure.outcome());
        }
        sink.found(new Finding(
                Finding.Kind.LOCK,
                "lock: " + place + name + failure.outcome(),
                LockWords.title(failure) + ": " + name + " in " + place.shown(),
                LockWords.explanation(failure, place, this::nameOf, machine()),
                failure.attemptedLock(),
                List.of(new Finding.Attempt(place, name, failure.outcome(), holderOn(cpu, failure.attemptedLock())))));
    }

    /** Returns the program on a CPU that holds a lock, by the nesting of programs and of the locks held. */
    private static String holderOn(Cpu cpu, long lock) {
        HeldLocks held = cpu.heldLocks();
        for (int i = held.count() - 1; i >= 0; i--) {
            if (held.heldAt(i) == lock) {
                for (Execution run = current(cpu); run != null; run = run.below()) {
                    if (run.heldBefore() <= i) {
                        return run.programName();
                    }
                }
            }
        }
        return "";
    }

    /** A program ended with a fault. */
    void faulted(Fault fault) {
        sink.found(new Finding(
                Finding.Kind.FAULT,
                "fault: " + fault.program() + fault.insn() + fault.reason(),
                "fault in " + fault.program() + " at instruction " + fault.insn(),
                fault.reason(),
                0));
    }

    /** A program called {@code bpf_throw}. */
    void thrown(Execution run) {
        Place place = Place.of(run);
        sink.found(new Finding(
                Finding.Kind.FAULT,
                "throw: " + place,
                "bpf_throw in " + place.shown(),
                place.program() + " gave up with an exception.",
                0));
    }

    /** A run has ended, with all that it began. */
    void ended() {
        guarantees.ended(machine(), locks.addresses());
    }

    /** A run did not end. */
    void hung(String how) {
        StringBuilder where = new StringBuilder();
        List<Finding.Attempt> attempts = new ArrayList<>();
        for (Cpu cpu : machine().cpus().all()) {
            Place place = lastPlaces.get(cpu.id());
            attempts.add(new Finding.Attempt(place, "", null, ""));
            where.append(where.isEmpty() ? "" : "; ")
                    .append("CPU ")
                    .append(cpu.id())
                    .append(" last at ")
                    .append(place.shown());
        }
        sink.found(new Finding(Finding.Kind.HANG, "hang: " + where, "hang: " + where, how, 0, attempts));
    }
}
