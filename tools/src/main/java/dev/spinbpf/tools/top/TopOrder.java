package dev.spinbpf.tools.top;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Orders of locks; each has a key. Those that are equal are in the order of their names. */
public enum TopOrder {
    FAILURES('f', Comparator.comparingDouble(TopView.Lock::failedPerSecond).reversed()),
    RATIO('r', Comparator.comparingDouble(TopView.Lock::failedShare).reversed()),
    ATTEMPTS('a', Comparator.comparingDouble(TopView.Lock::attemptsPerSecond).reversed()),
    WAIT('w', Comparator.comparingLong(TopView.Lock::waitP99Nanos).reversed()),
    NAME('n', Comparator.comparing(TopView.Lock::name));

    private final char key;
    private final Comparator<TopView.Lock> comparator;

    TopOrder(char key, Comparator<TopView.Lock> comparator) {
        this.key = key;
        this.comparator = comparator.thenComparing(TopView.Lock::name);
    }

    Comparator<TopView.Lock> comparator() {
        return comparator;
    }

    /** Returns the next order, the first one after the last. */
    TopOrder next() {
        return values()[(ordinal() + 1) % values().length];
    }

    /** Returns the order with a key, or null. */
    static @Nullable TopOrder ofKey(int key) {
        for (TopOrder order : values()) {
            if (order.key == key) {
                return order;
            }
        }
        return null;
    }
}
