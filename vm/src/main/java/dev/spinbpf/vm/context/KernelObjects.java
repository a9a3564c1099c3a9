package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.vm.helper.EmulatedKernel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Made-up objects of the kernel for the events on one CPU, by the kernel's types: numbers are drawn, pointers lead to
 * further objects, to texts or to the machine's own tasks, cgroup and maps. There are a few of each struct, so that what
 * begins with one also ends with it. Confined to the CPU's thread.
 */
final class KernelObjects {
    /** Objects of each struct. */
    private static final int EACH = 2;

    private static final int MOST_OBJECTS = 1200;
    private static final int LARGEST = 64 << 10;

    /** Room before an object for what it may be part of. */
    private static final int BEFORE = 512;

    /** One in so many events finds one of the objects changed that it does not name itself. */
    private static final int CHANGES = 4;

    /** One in so many numbers of eight bytes is a large one. */
    private static final int LARGE = 8;

    private static final int LARGE_BITS = 44;
    private static final int TEXT_BYTES = 64;
    private static final int LIST_ENTRIES = 100;
    private static final int ANYTHING_WORDS = 512;

    /** One in so many pointers within objects is null, from one change of it to the next. */
    private static final int RARE = 32;

    private static final List<String> TEXTS =
            List.of("/usr/bin/spinbpf", "spinbpf", "/etc/hosts", "eth0", "/dev/null", "ext4", "GET / HTTP/1.1", "");

    /** Members of a task that are made up too; what the machine knows of its tasks stays. */
    private static final Set<String> OF_TASKS = Set.of("exit_code", "start_time", "start_boottime", "utime", "stime");

    private final EmulatedKernel kernel;
    private final Cpu cpu;
    private final Map<Integer, List<Instance>> instances = new HashMap<>();
    private final Map<Integer, KernelForm> forms = new HashMap<>();
    private final List<Instance> all = new ArrayList<>();
    private final ArrayDeque<Instance> unfilled = new ArrayDeque<>();
    private final Set<Long> completed = new HashSet<>();
    private Btf types = Btf.EMPTY;
    private long texts;
    private long list;
    private long anything;

    /** An object. */
    private record Instance(KernelForm form, long address) {}

    KernelObjects(EmulatedKernel kernel, Cpu cpu) {
        this.kernel = kernel;
        this.cpu = cpu;
    }

    /** Gets ready for an event: by the types of the programs that were loaded last, with one object changed. */
    void next() {
        if (types != kernel.tasks().types()) {
            types = kernel.tasks().types();
            forms.clear();
            instances.clear();
            all.clear();
            completed.clear();
        }
        if (texts == 0) {
            makeTexts();
        }
        complete(kernel.tasks().address(cpu));
        if (!all.isEmpty() && below(CHANGES) == 0) {
            fill(all.get(below(all.size())), true);
        }
    }

    private void makeTexts() {
        GuestArena arena = kernel.arena();
        texts = arena.allocate(GuestMemory.PAGE_SIZE, GuestMemory.PAGE_SIZE);
        for (int i = 0; i < TEXTS.size(); i++) {
            byte[] bytes = TEXTS.get(i).getBytes(StandardCharsets.UTF_8);
            GuestMemory.copyIn(bytes, 0, texts + (long) i * TEXT_BYTES, bytes.length);
        }
        list = arena.allocate((LIST_ENTRIES + 1) * 8L, GuestMemory.PAGE_SIZE);
        for (int i = 0; i < LIST_ENTRIES; i++) {
            GuestMemory.putLong(list + 8L * i, text());
        }
        anything = arena.allocate(ANYTHING_WORDS * 8L, GuestMemory.PAGE_SIZE);
        for (int i = 0; i < ANYTHING_WORDS; i++) {
            boolean leadsOn = i % 2 == 0;
            GuestMemory.putLong(anything + 8L * i, leadsOn ? anything + 8L * below(16) : number());
        }
    }

    private int below(int bound) {
        return Integer.remainderUnsigned(kernel.random(cpu), bound);
    }

    /** Returns a number of up to 12 bits, whose length is drawn too. */
    long number() {
        int random = kernel.random(cpu);
        return random >>> 8 & (1L << Integer.remainderUnsigned(random, 13)) - 1;
    }

    /** Returns the address of a text. */
    long text() {
        return texts + (long) below(TEXTS.size()) * TEXT_BYTES;
    }

    /** Returns the address of memory in which pointers lead to pointers and numbers. */
    long anything() {
        return anything;
    }

    /** Returns an argument that a system call may have. */
    long mixed() {
        return switch (below(8)) {
            case 0, 1 -> text();
            case 2 -> list;
            case 3 -> anything;
            case 4 -> 0;
            default -> number();
        };
    }

    /** Returns an object of a struct of the machine, or a made-up one; 0 where the types have no such struct. */
    long object(String struct, int number) {
        long known = kernel.object(struct, cpu, number);
        if (known != 0) {
            if (struct.equals("task_struct")) {
                complete(known);
            }
            return known;
        }
        int id = struct.isEmpty() ? 0 : types.find(struct, BtfType.Composite.class);
        if (id <= 0) {
            return 0;
        }
        Instance found = instance(id);
        if (below(4) == 0) {
            fill(found, true);
        }
        fillRest();
        return found == null ? 0 : found.address;
    }

    private @Nullable Instance instance(int id) {
        List<Instance> known = instances.computeIfAbsent(id, this::make);
        return known.isEmpty() ? null : known.get(below(known.size()));
    }

    private List<Instance> make(int id) {
        List<Instance> made = new ArrayList<>();
        boolean isKnown = types.type(id) instanceof BtfType.Composite struct
                && struct.sizeBytes() <= LARGEST
                && all.size() < MOST_OBJECTS;
        if (!isKnown) {
            return made;
        }
        KernelForm form = form(id);
        for (int i = 0; i < EACH; i++) {
            long room = kernel.arena().allocate(BEFORE + form.sizeBytes() + (long) BEFORE, 64);
            made.add(new Instance(form, room + BEFORE));
        }
        all.addAll(made);
        unfilled.addAll(made);
        return made;
    }

    private KernelForm form(int struct) {
        return forms.computeIfAbsent(struct, id -> KernelForm.of(types, (BtfType.Composite) types.type(id)));
    }

    private void fillRest() {
        for (Instance next = unfilled.poll(); next != null; next = unfilled.poll()) {
            fill(next, false);
        }
    }

    private void fill(@Nullable Instance instance, boolean again) {
        if (instance != null) {
            for (KernelForm.Step step : instance.form.steps()) {
                write(step, instance.address, again);
            }
        }
    }

    /** Writes a record of a tracepoint, whose texts lie at an offset in it. */
    void record(String struct, long address, int textOffset) {
        int id = types.find(struct, BtfType.Composite.class);
        KernelForm form = form(id);
        byte[] text = TEXTS.getFirst().getBytes(StandardCharsets.UTF_8);
        GuestMemory.copyIn(text, 0, address + textOffset, text.length);
        for (KernelForm.Step step : form.steps()) {
            boolean isHeader = step.offset() < Long.BYTES;
            if (step.kind() == KernelForm.Kind.LOCATED_TEXT) {
                GuestMemory.putInt(address + step.offset(), (text.length + 1) << Short.SIZE | textOffset);
            } else if (!isHeader && step.offset() + step.size() <= textOffset) {
                write(step, address, false);
            }
        }
        fillRest();
    }

    private void write(KernelForm.Step step, long object, boolean again) {
        long at = object + step.offset();
        switch (step.kind()) {
            case NUMBER -> {
                boolean isLarge = step.size() == Long.BYTES && below(LARGE) == 0;
                put(
                        at,
                        step.size(),
                        isLarge ? (number() << 32 | number() << 20 | number()) & (1L << LARGE_BITS) - 1 : number());
            }
            case DRAWN -> put(at, step.size(), step.values()[below(step.values().length)]);
            case MIXED -> put(at, step.size(), mixed());
            case LOCATED_TEXT -> put(at, step.size(), 0);
            case TEXT -> {
                byte[] text = TEXTS.get(below(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
                GuestMemory.fill(at, step.size(), (byte) 0);
                GuestMemory.copyIn(text, 0, at, Math.min(text.length, Math.max(0, step.size() - 1)));
            }
            case OBJECT, TEXT_POINTER, POINTER -> {
                boolean isNull = again && below(RARE) == 0;
                GuestMemory.putLong(at, isNull ? 0 : target(step));
            }
            case LIST -> {
                GuestMemory.putLong(at, at);
                GuestMemory.putLong(at + Long.BYTES, at);
            }
        }
    }

    private long target(KernelForm.Step step) {
        if (step.kind() == KernelForm.Kind.TEXT_POINTER) {
            return text();
        }
        if (step.kind() == KernelForm.Kind.OBJECT) {
            long known = kernel.object(types.type(step.typeId()).name(), cpu, kernel.random(cpu) >>> 1);
            if (known != 0) {
                return known;
            }
            Instance found = instance(step.typeId());
            return found == null ? anything : found.address;
        }
        boolean isSocket = step.member().equals("skaddr");
        long socket = isSocket ? types.find("sock", BtfType.Composite.class) : 0;
        Instance found = socket > 0 ? instance((int) socket) : null;
        return found == null ? anything : found.address;
    }

    private static void put(long address, int size, long value) {
        switch (size) {
            case 1 -> GuestMemory.putByte(address, (byte) value);
            case 2 -> GuestMemory.putShort(address, (short) value);
            case 4 -> GuestMemory.putInt(address, (int) value);
            case 8 -> GuestMemory.putLong(address, value);
            default -> {}
        }
    }

    /** Gives a task of the machine objects that its pointers lead to. */
    private void complete(long task) {
        int id = types.find("task_struct", BtfType.Composite.class);
        if (id <= 0 || !completed.add(task)) {
            return;
        }
        KernelForm form = form(id);
        for (KernelForm.Step step : form.steps()) {
            boolean isMadeUp = step.kind() == KernelForm.Kind.OBJECT || OF_TASKS.contains(step.member());
            boolean isFree = step.size() == Long.BYTES
                    ? GuestMemory.getLong(task + step.offset()) == 0
                    : step.size() == Integer.BYTES && GuestMemory.getInt(task + step.offset()) == 0;
            if (isMadeUp
                    && isFree
                    && step.offset() + step.size() <= kernel.tasks().taskBytes()) {
                write(step, task, false);
            }
        }
        fillRest();
    }
}
