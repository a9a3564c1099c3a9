package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import java.util.function.IntSupplier;

/**
 * The machine that maps are made for.
 *
 * @param cpus its CPUs
 * @param locks how it takes the locks inside maps
 * @param table its maps
 * @param hashSeeds seeds of hash functions, one a map
 * @param limitBytes most guest memory that one map may take; a map that wants more is refused (ENOMEM)
 * @param canceller called for values with timers, work queues and task work that go away
 * @param owners whom local storage belongs to
 */
public record MapEnvironment(
        Cpus cpus,
        LockAlgorithm locks,
        MapTable table,
        IntSupplier hashSeeds,
        long limitBytes,
        FieldCanceller canceller,
        LocalStorageOwners owners) {

    /** Most guest memory for one map where nothing else is said: 16 GiB. */
    public static final long DEFAULT_LIMIT_BYTES = 16L << 30;

    /** A machine without maps, with queued locks and statistics of its own. */
    public static MapEnvironment of(Cpus cpus, IntSupplier hashSeeds) {
        LockAlgorithm locks = new RqSpinLock(new LockStats(cpus.count()));
        return of(cpus, locks, hashSeeds);
    }

    /** A machine without maps that takes locks in a given way. */
    public static MapEnvironment of(Cpus cpus, LockAlgorithm locks, IntSupplier hashSeeds) {
        return new MapEnvironment(
                cpus,
                locks,
                new MapTable(),
                hashSeeds,
                DEFAULT_LIMIT_BYTES,
                FieldCanceller.NONE,
                LocalStorageOwners.NONE);
    }
}
