package dev.spinbpf.maps.lock;

/** The ends of attempts that are counted: the outcome, and the place in the algorithm at which the attempt came to it. */
public enum LockEnd {
    FAST(LockOutcome.FAST, LockPath.FAST),
    PENDING(LockOutcome.PENDING, LockPath.PENDING),
    QUEUED(LockOutcome.QUEUED, LockPath.QUEUED),
    TRYLOCK(LockOutcome.TRYLOCK, LockPath.TRYLOCK),
    AA_PENDING(LockOutcome.AA, LockPath.PENDING),
    AA_ENQUEUE(LockOutcome.AA, LockPath.ENQUEUE),
    AA_HEAD(LockOutcome.AA, LockPath.HEAD),
    AA_SPIN(LockOutcome.AA, LockPath.SPIN),
    ABBA_PENDING(LockOutcome.ABBA, LockPath.PENDING),
    ABBA_HEAD(LockOutcome.ABBA, LockPath.HEAD),
    ABBA_SPIN(LockOutcome.ABBA, LockPath.SPIN),
    TIMEOUT_PENDING(LockOutcome.TIMEOUT, LockPath.PENDING),
    TIMEOUT_HEAD(LockOutcome.TIMEOUT, LockPath.HEAD),
    TIMEOUT_QUEUE(LockOutcome.TIMEOUT, LockPath.QUEUE),
    TIMEOUT_SPIN(LockOutcome.TIMEOUT, LockPath.SPIN),
    NO_NODE(LockOutcome.NO_NODE, LockPath.TRYLOCK);

    private static final LockEnd[] VALUES = values();

    private final LockOutcome outcome;
    private final LockPath path;

    LockEnd(LockOutcome outcome, LockPath path) {
        this.outcome = outcome;
        this.path = path;
    }

    /** Returns the outcome. */
    public LockOutcome outcome() {
        return outcome;
    }

    /** Returns the place. */
    public LockPath path() {
        return path;
    }

    /** Returns the end of an attempt that gave up somewhere; without a node that is always at its one try. */
    static LockEnd gaveUp(LockOutcome reason, LockPath where) {
        for (LockEnd end : VALUES) {
            if (end.outcome == reason && (end.path == where || reason == LockOutcome.NO_NODE)) {
                return end;
            }
        }
        throw new IllegalArgumentException(reason + " at " + where);
    }

    static int count() {
        return VALUES.length;
    }

    /** Returns all ends, in an array that nobody changes. */
    static LockEnd[] all() {
        return VALUES;
    }
}
