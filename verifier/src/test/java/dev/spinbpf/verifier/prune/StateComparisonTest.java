package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;
import org.junit.jupiter.api.Test;

class StateComparisonTest {
    private static VerifierState state(RegState reg) {
        VerifierState state = new VerifierState();
        FuncState frame = new FuncState(-1, 0, 0);
        frame.setReg(3, reg);
        state.pushFrame(frame);
        return state;
    }

    @Test
    void shouldSuspectALoopOnlyWhereNothingChanged() {
        assertThat(StateComparison.maybeLooping(state(RegState.ZERO), state(RegState.ZERO)))
                .isTrue();
        assertThat(StateComparison.maybeLooping(state(RegState.ZERO), state(RegState.constant(1))))
                .isFalse();
        assertThat(StateComparison.maybeLooping(state(RegState.ZERO), state(RegState.ZERO.withPrecise(true))))
                .isTrue();
        assertThat(StateComparison.maybeLooping(state(RegState.UNKNOWN), state(RegState.UNKNOWN.withId(4))))
                .isFalse();
    }

    @Test
    void shouldFindNoDifferenceInDepthWithoutIterators() {
        assertThat(StateComparison.iterDepthsDiffer(state(RegState.ZERO), state(RegState.UNKNOWN)))
                .isFalse();
    }

    @Test
    void shouldForgetSingleIdsOnly() {
        VerifierState state = state(RegState.scalar(ScalarValue.unknown()).withId(7));
        state.func().setReg(4, RegState.UNKNOWN.withId(8));
        state.func().setReg(5, RegState.UNKNOWN.withId(8 | RegState.ADD_CONST64).withDelta(2));
        StateCleaner.clearSingularIds(state);
        assertThat(state.func().reg(3).id()).isZero();
        assertThat(state.func().reg(4).id()).isEqualTo(8);
        assertThat(state.func().reg(5).delta()).isEqualTo(2);
    }

    @Test
    void copiesShouldKeepTheirLocks() {
        VerifierState state = state(RegState.ZERO);
        state.acquireLock(new AcquiredReference(AcquiredReference.Type.RES_LOCK, 1, 0, 0, null));
        VerifierState copy = state.copy();
        copy.releaseLastLock();
        assertThat(state.activeLocks()).isEqualTo(1);
        assertThat(copy.activeLocks()).isZero();
    }
}
