package dev.spinbpf.verifier.flow;

/**
 * Sees the calls of helpers and kernel functions on the paths of an exploration. It changes nothing.
 *
 * <p>A path that ends because an older state covers it makes no calls that the paths from the older state did not make with
 * the same locks held, from the same maps: states are only taken for equal if they hold the same. So each call is seen with
 * each set of held locks, on the first path through.
 */
@FunctionalInterface
public interface CallObserver {
    /** The call at the current slot is about to be checked: its arguments are in their registers. */
    void calling(Exploration path);
}
