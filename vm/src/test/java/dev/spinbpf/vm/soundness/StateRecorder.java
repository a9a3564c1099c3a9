package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.ExplorationObserver;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Records the state before each instruction that the verifier processed, and which of its scalars turned out to be precise.
 *
 * <p>Each processed instruction is a step, and steps form a tree: a step knows the one before it on its path, since a state
 * carries its latest step along when it is copied. A walk back goes over the same steps in reverse, and what it has marked
 * when it stands before an instruction belongs to the step of that instruction. So the precise scalars are known for every
 * state, not only for those that were kept at prune points, and as of the end of the verification.
 */
final class StateRecorder implements ExplorationObserver {
    private final List<Step> steps = new ArrayList<>();
    private @Nullable Step walk;
    private int walkedLast;

    /** One processed instruction of one path. */
    private static final class Step implements RecordedState.Precise {
        final @Nullable Step before;
        final int insn;
        final int[] regs;
        final long[] slots;
        boolean all;

        @Nullable
        VerifierState state;

        Step(@Nullable Step before, int insn, int frames) {
            this.before = before;
            this.insn = insn;
            regs = new int[frames];
            slots = new long[frames];
        }

        void mark(Marks marks) {
            for (int frame = 0; frame < regs.length; frame++) {
                regs[frame] |= marks.regMask(frame);
                slots[frame] |= marks.slotMask(frame);
            }
        }

        @Override
        public boolean reg(int frame, int number) {
            return all || (regs[frame] >>> number & 1) != 0;
        }

        @Override
        public boolean slot(int frame, int spi) {
            return all || (slots[frame] >>> spi & 1) != 0;
        }
    }

    @Override
    public void reached(VerifierState state) {
        state.setTrace(new Step((Step) state.trace(), state.insn(), state.curframe() + 1));
    }

    @Override
    public void processed(Exploration path, VerifierState state) {
        Step step = (Step) state.trace();
        if (step != null) {
            step.state = path.services().stateCache().withoutDead(path, state);
            steps.add(step);
        }
    }

    @Override
    public void walkStarted(VerifierState from) {
        walk = (Step) from.trace();
        walkedLast = -1;
    }

    @Override
    public void walked(Exploration path, int insn, Marks marks) {
        if (path.unit().insn(insn).op() == Op.LDDW_HI) {
            return;
        }
        Step step = walk;
        // Where a scalar was split in two, the whole and its parts were before the same instruction; not each walk sees
        // them all.
        while (step != null && step.insn != insn && step.insn == walkedLast) {
            step = step.before;
        }
        if (step == null || step.insn != insn) {
            throw new IllegalStateException(
                    "the walk is at " + insn + ", the path was at " + (step == null ? "its start" : step.insn));
        }
        walk = step.before;
        walkedLast = insn;
        while (step != null && step.insn == insn) {
            step.mark(marks);
            step = step.before;
        }
    }

    @Override
    public void allMarked(VerifierState from) {
        for (Step step = (Step) from.trace(); step != null; step = step.before) {
            step.all = true;
        }
    }

    /**
     * The recorded states, by instruction.
     *
     * @param allPrecise whether the verifier was told to compare all scalars
     */
    List<List<RecordedState>> states(int slots, boolean allPrecise) {
        List<Set<RecordedState>> found = new ArrayList<>();
        for (int slot = 0; slot < slots; slot++) {
            found.add(new LinkedHashSet<>());
        }
        for (Step step : steps) {
            if (step.state != null) {
                found.get(step.insn).add(RecordedState.of(step.state, step, allPrecise));
            }
        }
        List<List<RecordedState>> states = new ArrayList<>();
        found.forEach(set -> states.add(List.copyOf(set)));
        return states;
    }
}
