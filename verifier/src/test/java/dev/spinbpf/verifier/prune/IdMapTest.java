package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.state.RegState;
import org.junit.jupiter.api.Test;

class IdMapTest {
    private final IdMap ids = new IdMap();

    @Test
    void shouldMapEachIdToOne() {
        ids.reset(0);
        assertThat(ids.check(5, 9)).isTrue();
        assertThat(ids.check(5, 9)).isTrue();
        assertThat(ids.check(5, 8)).isFalse();
        assertThat(ids.check(6, 9)).isFalse();
        assertThat(ids.check(0, 0)).isTrue();
        assertThat(ids.check(0, 9)).isFalse();
        assertThat(ids.check(7, 0)).isFalse();
    }

    @Test
    void shouldTakeScalarsWithoutIdForUnrelated() {
        ids.reset(100);
        assertThat(ids.checkScalar(0, 3)).isTrue();
        assertThat(ids.checkScalar(4, 0)).isTrue();
        // The second scalar linked to the first old one is not linked to the first current one.
        assertThat(ids.checkScalar(4, 0)).isFalse();
    }

    @Test
    void shouldMapLinkedIdsAsTheirBase() {
        ids.reset(100);
        assertThat(ids.checkScalar(1, 2)).isTrue();
        assertThat(ids.checkScalar(1 | RegState.ADD_CONST64, 2 | RegState.ADD_CONST64))
                .isTrue();
        ids.reset(100);
        assertThat(ids.checkScalar(1, 2)).isTrue();
        assertThat(ids.checkScalar(1 | RegState.ADD_CONST64, 3 | RegState.ADD_CONST64))
                .isFalse();
    }

    @Test
    void shouldForgetOnReset() {
        ids.reset(0);
        assertThat(ids.check(5, 9)).isTrue();
        ids.reset(0);
        assertThat(ids.check(5, 8)).isTrue();
    }
}
