package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Steps that meet: at once, by way of others, and in the schedules that go on from a state. */
class DependencesTest {
    private static final int X = 0;
    private static final int LOCK = 1;

    private final Dependences dependences = new Dependences(3);
    private final List<Integer> reversible = new ArrayList<>();
    private final Dependences.Choices choices = new Dependences.Choices() {
        @Override
        public void reversible(int choice) {
            reversible.add(choice);
        }

        @Override
        public void used(int word, boolean writes, int context, int[] clock) {}

        @Override
        public void stepped(int word, boolean writes, int context) {}
    };

    private void step(int context, int word, boolean writes, int choice) {
        dependences.begin(context);
        dependences.meet(context, word, writes, choices);
        dependences.use(context, word, writes, choice, choices);
    }

    @Test
    void shouldReverseWhatMeetsAtOnce() {
        dependences.reset();
        step(0, X, false, 7);
        step(1, X, false, 8);
        assertThat(reversible).isEmpty();
        step(1, X, true, 9);
        assertThat(reversible).containsExactly(7);
    }

    @Test
    void shouldNotReverseWhatThirdStepsOrder() {
        dependences.reset();
        step(0, X, true, 7);
        step(0, LOCK, true, 8);
        step(1, LOCK, true, 9);
        reversible.clear();
        step(1, X, true, 10);
        assertThat(reversible).isEmpty();
    }

    @Test
    void shouldReverseWhatMeetsALaterStepOfAKnownState() {
        dependences.reset();
        step(0, X, true, 7);
        step(1, LOCK, true, 8);
        Subtree subtree = new Subtree();
        subtree.add(X, false, 1, 0);
        dependences.foresee(subtree, choices);
        assertThat(reversible).containsExactly(7);
    }

    @Test
    void shouldNotReverseWhatLaterStepsOfAKnownStateOrder() {
        dependences.reset();
        step(0, X, true, 7);
        Subtree subtree = new Subtree();
        subtree.add(X, true, 1, 1 << 0);
        dependences.foresee(subtree, choices);
        dependences.barrier();
        step(2, X, true, 8);
        assertThat(reversible).isEmpty();
        subtree.add(X, true, 1, 0);
        dependences.reset();
        step(0, X, true, 7);
        dependences.foresee(subtree, choices);
        assertThat(reversible).as("where not all schedules have such a step").containsExactly(7);
    }
}
