package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.state.VerifierState;
import org.junit.jupiter.api.Test;

class FinishedWalksTest {
    private final FinishedWalks finished = new FinishedWalks();
    private final VerifierState state = new VerifierState();

    private static BacktrackState wanting(int... regs) {
        BacktrackState marks = new BacktrackState();
        for (int reg : regs) {
            marks.setReg(reg);
        }
        return marks;
    }

    @Test
    void shouldCoverNoMoreThanWhatAWalkWanted() {
        finished.keepOnly(state);
        finished.add(2, 7, wanting(3, 4));
        assertThat(finished.cover(2, 7, wanting(3))).isTrue();
        assertThat(finished.cover(2, 7, wanting(3, 5))).isFalse();
        BacktrackState slot = wanting(3);
        slot.setSlot(0, 1);
        assertThat(finished.cover(2, 7, slot)).isFalse();
    }

    @Test
    void shouldAddUpWalksFromOnePlace() {
        finished.keepOnly(state);
        finished.add(2, 7, wanting(3));
        finished.add(2, 7, wanting(4));
        assertThat(finished.cover(2, 7, wanting(3, 4))).isTrue();
    }

    @Test
    void shouldTellRoundsOfALoopApart() {
        finished.keepOnly(state);
        finished.add(2, 7, wanting(3));
        assertThat(finished.cover(3, 7, wanting(3))).isFalse();
        assertThat(finished.cover(1, 7, wanting(3))).isFalse();
        assertThat(finished.cover(2, 6, wanting(3))).isFalse();
    }

    @Test
    void shouldForgetWalksOfAnotherPathAndThoseBeforeAStateWasKept() {
        finished.keepOnly(state);
        finished.add(2, 7, wanting(3));
        finished.keepOnly(state);
        assertThat(finished.cover(2, 7, wanting(3))).isTrue();
        state.setParent(new VerifierState());
        finished.keepOnly(state);
        assertThat(finished.cover(2, 7, wanting(3))).isFalse();
        finished.add(2, 7, wanting(3));
        finished.keepOnly(new VerifierState());
        assertThat(finished.cover(2, 7, wanting(3))).isFalse();
    }

    @Test
    void shouldKeepFramesApart() {
        finished.keepOnly(state);
        BacktrackState both = wanting(3);
        both.enter();
        both.setReg(3);
        finished.add(2, 7, both);
        assertThat(finished.cover(2, 7, wanting(3))).isFalse();
        BacktrackState inner = wanting();
        inner.enter();
        inner.setReg(3);
        finished.add(2, 7, inner);
        assertThat(finished.cover(2, 7, wanting(3))).isFalse();
        assertThat(finished.cover(2, 7, inner)).isTrue();
    }
}
