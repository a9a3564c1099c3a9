package dev.spinbpf.maps.lock;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
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

    private final int cpus;
    private final List<LockClass> classes = new CopyOnWriteArrayList<>();
    private final List<LockFailureListener> listeners = new CopyOnWriteArrayList<>();
    private final LockClass otherProgramLocks;
    private final @Nullable HeldTimes heldTimes;
    private volatile LongFunction<String> namer = address -> "lock at 0x" + Long.toHexString(address);
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
        otherProgramLocks = new LockClass("other program locks", false, cpus);
    }

    /** Returns the timer of held locks, or null. */
    @Nullable
    HeldTimes heldTimes() {
        return heldTimes;
    }

    /** A new class for the locks that the runtime takes inside a map. */
    public LockClass internal(String name) {
        var lockClass = new LockClass(name, true, cpus);
        classes.add(lockClass);
        return lockClass;
    }

    /** Sets how program locks are named by their guest address: map and element, or global variable. */
    public void setNamer(LongFunction<String> newNamer) {
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
        var lockClass = new LockClass(namer.apply(address), false, cpus);
        classes.add(lockClass);
        if (table.isFull()) {
            table = table.copy(2 * table.capacity(), anyAddress -> true);
        }
        table.put(address, lockClass);
        byAddress = table;
        return lockClass;
    }

    /** Forgets whose address is whose in a range that is freed; what was counted stays. */
    public synchronized void forget(long address, long sizeBytes) {
        AddressTable table = byAddress;
        LongPredicate outside = lock -> lock < address || lock >= address + sizeBytes;
        byAddress = table.copy(table.capacity(), outside);
    }

    /** All classes, in the order in which they were made. */
    public List<LockClass> classes() {
        return new ArrayList<>(classes);
    }

    public void addListener(LockFailureListener listener) {
        listeners.add(listener);
    }

    void failed(LockFailure failure) {
        for (var listener : listeners) {
            listener.lockFailed(failure);
        }
    }
}
