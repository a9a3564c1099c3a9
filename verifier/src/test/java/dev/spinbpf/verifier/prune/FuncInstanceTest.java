package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FuncInstanceTest {
    @Test
    void mergingShouldKeepAllReadsAndOnlyCommonWrites() {
        FuncInstance first = new FuncInstance(0, 0, 0, 0, 2);
        FuncInstance second = first.fresh();
        first.addRead(0, 0, SlotSet.range(0, 1));
        first.addWrite(0, 1, SlotSet.range(0, 3));
        second.addRead(0, 0, SlotSet.range(4, 4));
        second.addWrite(0, 1, SlotSet.range(2, 5));
        first.merge(second);
        assertThat(first.isComplete()).isFalse();
        assertThat(first.isAliveBefore(0, 0, 0)).isFalse();
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
}
