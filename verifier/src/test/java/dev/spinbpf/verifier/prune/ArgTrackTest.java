package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArgTrackTest {
    private final ArgTrack low = ArgTrack.at(0, -16);
    private final ArgTrack high = ArgTrack.at(0, -8);

    @Test
    void shouldCollectOffsetsOfOneFrame() {
        ArgTrack both = low.join(high);
        assertThat(both.frame()).isZero();
        assertThat(both.offsetCount()).isEqualTo(2);
        assertThat(both.join(low).same(both)).isTrue();
        ArgTrack many = both.join(ArgTrack.at(0, -24)).join(ArgTrack.at(0, -32));
        assertThat(many.offsetCount()).isEqualTo(4);
        assertThat(many.join(ArgTrack.at(0, -40)).offsetCount()).isZero();
    }

    @Test
    void shouldForgetTheFrameWhereFramesMeet() {
        ArgTrack mixed = low.join(ArgTrack.at(2, -8));
        assertThat(mixed.isImprecise()).isTrue();
        assertThat(mixed.frames()).isEqualTo(0b101);
        assertThat(mixed.mayBe(2)).isTrue();
        assertThat(mixed.mayBe(1)).isFalse();
    }

    @Test
    void shouldNotCountAsOneOffsetWhereItMayBeNone() {
        assertThat(low.join(ArgTrack.NONE).offsetCount()).isEqualTo(2);
        assertThat(ArgTrack.NONE.join(low).offsetCount()).isEqualTo(2);
        assertThat(ArgTrack.NONE.join(ArgTrack.NONE).isNone()).isTrue();
        assertThat(ArgTrack.UNVISITED.join(low).same(low)).isTrue();
        assertThat(low.join(ArgTrack.UNVISITED).same(low)).isTrue();
    }

    @Test
    void shouldMoveByConstants() {
        assertThat(high.plus(-8).same(low)).isTrue();
        assertThat(high.plus(1 << 20).offsetCount()).isZero();
        assertThat(high.plus(Short.MIN_VALUE).offsetCount()).isZero();
        assertThat(high.combine(ArgTrack.NONE).offsetCount()).isZero();
        assertThat(ArgTrack.NONE.combine(high).frame()).isZero();
        assertThat(ArgTrack.NONE.combine(ArgTrack.NONE).isNone()).isTrue();
        assertThat(low.combine(ArgTrack.at(1, 0)).isImprecise()).isTrue();
    }
}
