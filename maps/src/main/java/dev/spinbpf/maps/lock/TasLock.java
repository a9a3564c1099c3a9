package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The test-and-set fallback: {@code resilient_tas_spin_lock}. Every waiter spins on the word itself, for at most a
 * second, and all of them check for deadlocks.
 *
 * <p>The word is (0,0,0) or (0,0,1).
 */
public final class TasLock extends LockAlgorithm {
    /** Longest wait of a waiter. */
    public static final long TIMEOUT_NANOS = 1_000_000_000;

    public TasLock(LockStats stats) {
        super(stats);
    }

    @Override
    int tryFast(long lock) {
        int seen = GuestWords.getIntOpaque(lock);
        // 0,0,0 → 0,0,1
        return seen != 0 ? seen : GuestWords.compareAndExchangeInt(lock, 0, LockWord.LOCKED);
    }

    @Override
    LockEnd acquireSlowly(Cpu cpu, long lock, int seen) {
        var waiting = new Waiting(deadlockCheck(), TIMEOUT_NANOS, -1);
        do {
            LockOutcome failure = waiting.turn(cpu, lock);
            if (failure != null) {
                return LockEnd.gaveUp(failure, LockPath.SPIN);
            }
        } while (tryFast(lock) != 0);
        return LockEnd.TRYLOCK;
    }
}
