package dev.spinbpf.vm.helper;

import java.util.ArrayDeque;
import java.util.Deque;

/** The work that helpers put off until no program runs on the CPU. Confined to the CPU's thread. */
public final class LaterWork {
    private final Deque<Runnable> work = new ArrayDeque<>();
    private boolean isAny;

    LaterWork() {}

    /** Adds work for a task of the CPU, after the programs that run now. */
    void add(Runnable one) {
        work.add(one);
        isAny = true;
    }

    void clear() {
        work.clear();
        isAny = false;
    }

    /** Does the work that was added, in its order. */
    public void workOff() {
        if (isAny) {
            for (Runnable one = work.poll(); one != null; one = work.poll()) {
                one.run();
            }
            isAny = false;
        }
    }
}
