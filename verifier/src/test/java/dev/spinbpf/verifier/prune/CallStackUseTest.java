package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.flow.Cfg;
import org.junit.jupiter.api.Test;

class CallStackUseTest {
    /** Two instructions in a row, then an exit. */
    private final Cfg line = new Cfg(3, node -> node < 2 ? new int[] {node + 1} : new int[0]);

    private final int[] order = {2, 1, 0};

    private static CallStackUse call() {
        return new CallStackUse(0, 0, 0, 0, 3);
    }

    @Test
    void shouldBeAliveUntilOverwritten() {
        CallStackUse call = call();
        call.addWrite(0, 0, SlotSet.range(0, 1));
        call.addRead(0, 1, SlotSet.range(1, 2));
        assertThat(call.isComplete()).isFalse();
        call.update(order, line);
        assertThat(call.isComplete()).isTrue();
        assertThat(call.aliveBefore(0, 1)).isEqualTo(SlotSet.range(1, 2));
        assertThat(call.aliveBefore(0, 0)).isEqualTo(SlotSet.range(2, 2));
        assertThat(call.aliveBefore(0, 2)).isEqualTo(SlotSet.NONE);
        assertThat(call.aliveBefore(0, 7)).isEqualTo(SlotSet.NONE);
    }

    @Test
    void shouldCarryReadsRoundALoop() {
        Cfg loop = new Cfg(3, node -> node == 1 ? new int[] {2, 0} : node == 0 ? new int[] {1} : new int[0]);
        CallStackUse call = call();
        call.addRead(0, 0, SlotSet.range(5, 5));
        call.update(order, loop);
        assertThat(call.aliveBefore(0, 1).contains(5)).isTrue();
    }

    @Test
    void shouldIgnoreEdgesOutOfTheFunction() {
        CallStackUse call = new CallStackUse(0, 0, 0, 1, 2);
        call.addRead(0, 2, SlotSet.range(5, 5));
        call.update(new int[] {2, 1}, new Cfg(3, node -> node == 1 ? new int[] {2, 0} : new int[] {0}));
        assertThat(call.aliveBefore(0, 1).contains(5)).isTrue();
    }

    @Test
    void mergingShouldKeepAllReadsAndOnlyCommonWrites() {
        CallStackUse first = call();
        CallStackUse second = first.fresh();
        first.addWrite(0, 0, SlotSet.range(0, 3));
        second.addWrite(0, 0, SlotSet.range(2, 5));
        first.addRead(0, 1, SlotSet.range(0, 2));
        second.addRead(0, 1, SlotSet.range(3, 8));
        first.merge(second);
        first.update(order, line);
        assertThat(first.aliveBefore(0, 1)).isEqualTo(SlotSet.range(0, 8));
        assertThat(first.aliveBefore(0, 0)).isEqualTo(SlotSet.range(0, 1).or(SlotSet.range(4, 8)));
    }

    @Test
    void mergingShouldDropWritesToAFrameThatOneAnalysisDidNotTouch() {
        CallStackUse first = call();
        first.addWrite(0, 0, SlotSet.range(0, 3));
        first.addRead(0, 1, SlotSet.range(0, 3));
        first.update(order, line);
        assertThat(first.aliveBefore(0, 0)).isEqualTo(SlotSet.NONE);
        first.merge(first.fresh());
        first.update(order, line);
        assertThat(first.aliveBefore(0, 0)).isEqualTo(SlotSet.range(0, 3));
    }

    @Test
    void slotSetsShouldBeSets() {
        SlotSet set = SlotSet.range(60, 70);
        assertThat(set.contains(60)).isTrue();
        assertThat(set.contains(64)).isTrue();
        assertThat(set.contains(71)).isFalse();
        assertThat(set.minus(SlotSet.range(0, 65)).contains(65)).isFalse();
        assertThat(set.and(SlotSet.range(70, 90))).isEqualTo(SlotSet.range(70, 70));
        assertThat(SlotSet.range(5, 4).isEmpty()).isTrue();
        assertThat(SlotSet.range(-3, 500)).isEqualTo(SlotSet.ALL);
    }

    /** Compares intervals with a search over all half slots. */
    @Test
    void intervalsShouldTouchAndCoverHalfSlots() {
        for (int offset = -40; offset < 8; offset++) {
            for (int size = 0; size <= 20; size++) {
                ByteInterval bytes = ByteInterval.of(offset, size);
                for (int half = 0; half < 12; half++) {
                    int held = 0;
                    for (int at = -4 * (half + 1); at < -4 * half; at++) {
                        held += at >= offset && at < offset + size ? 1 : 0;
                    }
                    assertThat(bytes.touched().contains(half))
                            .as("%d bytes at %d touch half slot %d", size, offset, half)
                            .isEqualTo(held > 0);
                    assertThat(bytes.covered().contains(half))
                            .as("%d bytes at %d cover half slot %d", size, offset, half)
                            .isEqualTo(held == 4);
                }
            }
        }
        assertThat(ByteInterval.from(-10).touched()).isEqualTo(SlotSet.range(0, 2));
    }
}
