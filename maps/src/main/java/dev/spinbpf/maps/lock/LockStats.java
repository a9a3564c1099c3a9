package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.HeldLocks;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The identities of one machine's locks, what is counted under each, and listeners to failures.
 *
 * <p>A lock inside a map is counted under a class that the map makes with {@link #internal}. A program's lock is known
 * by its address: {@link #ofAddress} finds its class, and asks the namer for a name the first time.
 */
public final class LockStats {
    /** Most locks of programs that are told apart; the rest are counted together. */
    public static final int MOST_PROGRAM_LOCKS = 1 << 13;

    private static final LockIdentity OTHER_PROGRAM_LOCKS =
            LockIdentity.named(LockKind.OTHER, "other").withText("other program locks");

    private final int cpus;
    private final List<LockClass> classes = new CopyOnWriteArrayList<>();
    private final Set<LockClass> ownerless = new LinkedHashSet<>();
    private final List<LockFailureListener> listeners = new CopyOnWriteArrayList<>();
    private final LockClass otherProgramLocks;
    private final @Nullable HeldTimes heldTimes;
    private final AtomicLong failures = new AtomicLong();
    private final long run = ThreadLocalRandom.current().nextLong() | 1;
    private volatile LongFunction<LockIdentity> namer = LockIdentity::ofAddress;
    private volatile AddressTable byAddress = new AddressTable(64);

    /** Statistics for a machine with a number of CPUs, without held times. */
    public LockStats(int cpus) {
        this(cpus, 0);
    }

    /**
     * Statistics for a machine.
     *
     * @param cpus how many CPUs
     * @param heldTimesInterval of how many acquisitions, on average, one is timed until its release; 0 for none, as
     *     that costs two readings of the clock
     */
    public LockStats(int cpus, int heldTimesInterval) {
        this.cpus = cpus;
        heldTimes = heldTimesInterval == 0 ? null : new HeldTimes(cpus, heldTimesInterval);
        otherProgramLocks = new LockClass(OTHER_PROGRAM_LOCKS, 0, false, cpus);
    }

    /** Returns the timer of held locks, or null. */
    @Nullable
    HeldTimes heldTimes() {
        return heldTimes;
    }

    /** Returns a new class for the locks that the runtime takes inside a map. */
    public LockClass internal(LockIdentity identity) {
        return add(identity, true);
    }

    /** Returns a new class for a lock that belongs to no map and no program. */
    public LockClass internal(String name) {
        return add(LockIdentity.named(LockKind.STRESS, name), true);
    }

    private synchronized LockClass add(LockIdentity identity, boolean internal) {
        for (LockClass lockClass : ownerless) {
            if (lockClass.isInternal() == internal && lockClass.identity().hasNamesOf(identity)) {
                ownerless.remove(lockClass);
                lockClass.setIdentity(identity);
                return lockClass;
            }
        }
        int number = classes.size() < HeldLocks.MOST_CLASSES ? classes.size() + 1 : 0;
        var lockClass = new LockClass(identity, number, internal, cpus);
        classes.add(lockClass);
        return lockClass;
    }

    /** Sets how program locks are named by their guest address: map and element, or global variable. */
    public void setNamer(LongFunction<LockIdentity> newNamer) {
        namer = newNamer;
    }

    /** The class of a program's lock, by its guest address; made when it is first asked for. */
    public LockClass ofAddress(long address) {
        LockClass known = byAddress.get(address);
        return known != null ? known : add(address);
    }

    /** Returns the class of a program's lock that was asked for before, or null. */
    public @Nullable LockClass known(long address) {
        return byAddress.get(address);
    }

    private synchronized LockClass add(long address) {
        AddressTable table = byAddress;
        LockClass known = table.get(address);
        if (known != null) {
            return known;
        }
        if (table.size() >= MOST_PROGRAM_LOCKS) {
            if (!classes.contains(otherProgramLocks)) {
                classes.add(otherProgramLocks);
            }
            return otherProgramLocks;
        }
        LockClass lockClass = add(namer.apply(address), false);
        if (table.isFull()) {
            table = table.copy(2 * table.capacity(), any -> true);
        }
        table.put(address, lockClass);
        byAddress = table;
        return lockClass;
    }

    /**
     * Forgets the addresses of the locks in a map that goes away. What was counted stays, and goes on where a lock with the
     * same names comes, so that an object which is loaded again and again does not fill the memory.
     */
    public synchronized void forgetMap(int mapId) {
        for (LockClass lockClass : classes) {
            if (lockClass.identity().mapId() == mapId) {
                ownerless.add(lockClass);
            }
        }
        AddressTable table = byAddress;
        byAddress =
                table.copy(table.capacity(), lockClass -> lockClass.identity().mapId() != mapId);
    }

    /** All classes, in the order in which they were made. */
    public List<LockClass> classes() {
        return new ArrayList<>(classes);
    }

    /**
     * Returns the class that {@link HeldLocks} knows by a number.
     *
     * @return null for 0
     */
    public @Nullable LockClass byNumber(int number) {
        return number == 0 ? null : classes.get(number - 1);
    }

    /** Adds a listener that is called for each failure, on the thread of the CPU whose attempt failed. */
    public void addListener(LockFailureListener listener) {
        listeners.add(listener);
    }

    /** Removes a listener that {@link #addListener} added. */
    public void removeListener(LockFailureListener listener) {
        listeners.remove(listener);
    }

    /** Returns a random number that this machine's failures share; not 0. */
    long run() {
        return run;
    }

    /** Returns the number of the next failure, from 1. */
    long nextFailure() {
        return failures.incrementAndGet();
    }

    void failed(LockFailure failure) {
        for (var listener : listeners) {
            listener.lockFailed(failure);
        }
    }
}
