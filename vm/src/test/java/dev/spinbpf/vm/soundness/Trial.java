package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.ObservedVerification;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Fault;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One accepted program with the states that the verifier recorded, to be run and compared.
 *
 * <p>The states come from two verifications. In the ordinary one a scalar that is not precise may have any value: pruning does not
 * compare it, so that a path may go on from states that do not contain it. In the other, pruning compares all scalars, and then
 * each recorded state holds without exception.
 */
final class Trial {
    private static final int INSN_LIMIT = 8_000;

    private final TrialSubject subject;
    private final Code code;
    private final Bench bench;
    private final List<List<RecordedState>> states;
    private final @Nullable List<List<RecordedState>> exactStates;
    private final int[] lastHit;
    private final int[] lastExactHit;
    private @Nullable String finding;

    private Trial(
            Bench bench,
            TrialSubject subject,
            List<List<RecordedState>> states,
            @Nullable List<List<RecordedState>> exactStates) {
        this.bench = bench;
        this.subject = subject;
        this.states = states;
        this.exactStates = exactStates;
        code = bench.load(subject);
        lastHit = new int[states.size()];
        lastExactHit = new int[states.size()];
    }

    /** A trial of the program; null if the verifier refuses it. */
    static @Nullable Trial of(Bench bench, List<Insn> insns) {
        return of(bench, insns, state -> state);
    }

    /** As {@link #of(Bench, List)}, with all recorded states changed, to see that this is noticed. */
    static @Nullable Trial of(Bench bench, List<Insn> insns, UnaryOperator<RecordedState> change) {
        TrialSubject subject = TrialSubject.of(insns);
        List<List<RecordedState>> states = verify(subject, false, change);
        if (states == null) {
            return null;
        }
        return new Trial(bench, subject, states, verify(subject, true, change));
    }

    /** The recorded states of a program, by instruction; null if it is refused. */
    static @Nullable List<List<RecordedState>> verify(
            TrialSubject subject, boolean comparesAllScalars, UnaryOperator<RecordedState> change) {
        StateRecorder recorder = new StateRecorder();
        VerifierOptions options = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);
        Verdict verdict =
                ObservedVerification.verify(subject.object(), subject.program(), options, recorder, comparesAllScalars);
        if (!(verdict instanceof Verdict.Accepted)) {
            return null;
        }
        int slots = subject.program().insns().size();
        return recorder.states(slots, comparesAllScalars).stream()
                .map(list -> list.stream().map(change).toList())
                .toList();
    }

    /** True if the program was accepted when all scalars were compared, too. */
    boolean hasExactStates() {
        return exactStates != null;
    }

    /** Instructions of the last run. */
    long executed() {
        return bench.executed();
    }

    /**
     * Runs the program once.
     *
     * @return what is wrong; null if each step was as recorded
     */
    @Nullable
    String run(long inputSeed) {
        finding = null;
        Fault fault = bench.run(code, inputSeed, this::check);
        if (finding == null && fault != null) {
            finding = fault.describe();
        }
        return finding;
    }

    private void check(ConcreteState at) {
        if (finding != null) {
            return;
        }
        int slot = at.run().slot();
        if (!isRecorded(states.get(slot), lastHit, slot, at)) {
            finding = "no recorded state" + describe(states.get(slot), slot, at);
        } else if (exactStates != null && !isRecorded(exactStates.get(slot), lastExactHit, slot, at)) {
            finding = "no recorded state of the exact verification" + describe(exactStates.get(slot), slot, at);
        } else if (!bench.isWithin(at, subject.program().insns().get(slot))) {
            finding = "an access outside of all memory" + describe(states.get(slot), slot, at);
        }
    }

    /** Looks first at the state that was right the last time. */
    private static boolean isRecorded(List<RecordedState> recorded, int[] lastHits, int slot, ConcreteState at) {
        int last = lastHits[slot];
        if (last < recorded.size() && recorded.get(last).contains(at)) {
            return true;
        }
        for (int i = 0; i < recorded.size(); i++) {
            if (recorded.get(i).contains(at)) {
                lastHits[slot] = i;
                return true;
            }
        }
        return false;
    }

    private String describe(List<RecordedState> recorded, int slot, ConcreteState at) {
        StringBuilder text = new StringBuilder(" at ").append(slot).append("\n registers:");
        int frame = at.run().currentFrame();
        for (int i = 0; i <= Insn.FRAME_POINTER; i++) {
            text.append(String.format(" r%d=%#x", i, at.run().register(frame, i)));
        }
        text.append("\n recorded states: ").append(recorded.size()).append('\n');
        for (RecordedState state : recorded.subList(0, Math.min(10, recorded.size()))) {
            text.append(
                    state.hasFramesOf(at)
                            ? " but: " + Claim.broken(state.claims(), at)
                            : " of other calls " + state.callsites());
            text.append('\n');
        }
        return text.toString();
    }
}
