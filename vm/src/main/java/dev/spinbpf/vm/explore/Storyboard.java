package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockWord;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.exec.Execution;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of a run: a source line of a program each, as long as it touches what is shared without another in between. */
public final class Storyboard {
    private static final int MOST_ROWS = 1000;

    private final LockNames names;
    private final long lock;
    private final List<Row> rows = new ArrayList<>();
    private final ValueWatch values;
    private final List<State> states = new ArrayList<>();
    private final Map<Integer, long[]> heldByCpu = new HashMap<>();
    private final Map<Long, String> nameByLock = new HashMap<>();
    private int ticks;

    /**
     * @param names names of locks
     * @param lock the address of the lock whose word is shown, or 0
     * @param values the values of what programs share
     */
    Storyboard(LockNames names, long lock, ValueWatch values) {
        this.names = names;
        this.lock = lock;
        this.values = values;
    }

    /** Names locks that are held. */
    @FunctionalInterface
    interface LockNames {
        /** Returns the name of a lock by the number of its class, and by its address where there is no such class. */
        String of(int classNumber, long lock);
    }

    /**
     * A row.
     *
     * @param cpu the CPU, or -1 where time passes for all
     * @param depth how many programs are below on that CPU
     * @param place the line; its text stands alone where no program runs
     * @param held the locks that the CPU holds after it
     * @param word the word of the lock that it is about, empty for none
     * @param mark the step's result where it fails; empty else
     */
    public record Row(int cpu, int depth, Place place, List<String> held, String word, String mark) {
        Row marked(String newMark) {
            return new Row(cpu, depth, place, held, word, newMark);
        }

        Row after(List<String> heldNow, String wordNow) {
            return new Row(cpu, depth, place, heldNow, wordNow, mark);
        }
    }

    /**
     * The state at a row.
     *
     * @param registers r0 to r10 of the row's program, before its last access to what is shared; empty where none runs
     * @param changes what the row changed of globals and maps, {@code name: old -> new} each
     */
    public record State(List<Long> registers, List<String> changes) {
        /** Nothing known. */
        static final State NONE = new State(List.of(), List.of());

        public State {
            registers = List.copyOf(registers);
            changes = List.copyOf(changes);
        }
    }

    /** Returns the rows. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Returns the states, one a row. */
    List<State> states() {
        return List.copyOf(states);
    }

    /** Begins a run. */
    void begin() {
        values.begin();
        heldByCpu.clear();
    }

    private static int depth(Cpu cpu) {
        return cpu.extension() instanceof CpuContext context ? context.depth() : 0;
    }

    private String word() {
        return lock == 0 ? "" : LockWord.toString(GuestMemory.getInt(lock));
    }

    /** Returns the names of the locks that a CPU holds; one that it lets go is held until its entry is empty. */
    private List<String> held(Cpu cpu) {
        List<String> held = new ArrayList<>();
        HeldLocks table = cpu.heldLocks();
        long[] locks = heldByCpu.computeIfAbsent(cpu.id(), id -> new long[HeldLocks.SLOTS]);
        for (int i = 0; i < locks.length; i++) {
            long taken = table.heldAt(i);
            if (taken != 0) {
                locks[i] = taken;
                nameByLock.put(taken, names.of(table.heldClassAt(i), taken));
            } else if (i >= table.count() || table.lock(i) != locks[i]) {
                locks[i] = 0;
            }
            if (locks[i] != 0) {
                held.add(nameByLock.getOrDefault(locks[i], ""));
            }
        }
        return held;
    }

    private void add(Cpu cpu, int depth, Place place) {
        refresh(cpu);
        ticks = 0;
        addRow(new Row(cpu.id(), depth, place, held(cpu), word(), ""));
    }

    private void addRow(Row row) {
        if (rows.size() < MOST_ROWS) {
            settle();
            rows.add(row);
            states.add(State.NONE);
        }
    }

    /** Makes the last row show the lock word after it, and its state what it changed. */
    private void settle() {
        if (!states.isEmpty() && rows.size() < MOST_ROWS) {
            rows.set(rows.size() - 1, rows.getLast().after(rows.getLast().held, word()));
            List<String> changes = new ArrayList<>(states.getLast().changes);
            changes.addAll(values.changes());
            states.set(states.size() - 1, new State(states.getLast().registers, changes));
        }
    }

    /** Makes the last row of a CPU show what it did. */
    private void refresh(Cpu cpu) {
        for (int i = rows.size() - 1; i >= 0; i--) {
            if (rows.get(i).cpu == cpu.id()) {
                boolean last = i == rows.size() - 1;
                rows.set(i, rows.get(i).after(held(cpu), last ? word() : rows.get(i).word));
                return;
            }
        }
    }

    void accessed(Cpu cpu, @Nullable Execution run) {
        if (run == null) {
            return;
        }
        Place place = Place.of(run);
        int depth = depth(cpu) - 1;
        Row last = rows.isEmpty() ? null : rows.getLast();
        boolean same = last != null && last.cpu == cpu.id() && last.depth == depth && last.place.equals(place);
        if (same) {
            refresh(cpu);
        } else {
            add(cpu, depth, place);
        }
        if (rows.size() < MOST_ROWS) {
            states.set(states.size() - 1, new State(run.registers(), states.getLast().changes));
        }
    }

    void landing(Cpu cpu, ContextLevel level) {
        add(cpu, depth(cpu), new Place("", "", "*** " + level.word()));
    }

    void landed(Cpu cpu) {
        refresh(cpu);
    }

    void stalled(Cpu cpu) {
        add(cpu, depth(cpu), new Place("", "", "stands still for 2 s"));
    }

    void timePassed() {
        if (++ticks == 1) {
            addRow(new Row(-1, 0, new Place("", "", "all wait; time passes"), List.of(), word(), ""));
        }
    }

    void failed(Cpu cpu, LockOutcome outcome) {
        for (int i = rows.size() - 1; i >= 0; i--) {
            if (rows.get(i).cpu == cpu.id()) {
                rows.set(i, rows.get(i).after(held(cpu), word()).marked(LockWords.word(outcome)));
                return;
            }
        }
    }

    void end(Finding.Kind kind) {
        settle();
        if (!rows.isEmpty() && rows.getLast().mark.isEmpty() && kind != Finding.Kind.LOCK) {
            rows.set(rows.size() - 1, rows.getLast().marked(kind.word().replace('_', ' ')));
        }
    }
}
