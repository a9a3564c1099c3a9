package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The place before each access to a shared word at which a simulation decides which strand goes next.
 *
 * <p>A hook belongs to the threads that run under it ({@link #runWith}), so that several simulations run side by side
 * and other threads are left alone. In production there is no hook and the point costs nothing: whether there is one in
 * the process is a constant to the JIT compiler (the target of a call site that changes only when the first hook comes
 * or the last goes, at which compiled code is thrown away).
 */
public final class SchedulePoint {
    /** The owner of words in guest memory. */
    public static final Object GUEST = new Object() {
        @Override
        public String toString() {
            return "guest";
        }
    };

    private static final MutableCallSite SIMULATED = new MutableCallSite(MethodType.methodType(boolean.class));
    private static final MethodHandle IS_SIMULATED = SIMULATED.dynamicInvoker();
    private static final ScopedValue<ScheduleHook> OF_THREAD = ScopedValue.newInstance();

    private static final ScheduleHook QUIET = (access, owner, address, sizeBytes) -> {};

    private static volatile @Nullable ScheduleHook hook;
    private static int simulations;

    static {
        SIMULATED.setTarget(MethodHandles.constant(boolean.class, false));
    }

    private SchedulePoint() {}

    private static boolean isAnySimulated() {
        try {
            return (boolean) IS_SIMULATED.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("a constant cannot fail", e);
        }
    }

    /** Returns true where this thread runs under a hook; without any in the process, a constant to compiled code. */
    public static boolean isSimulated() {
        return isAnySimulated() && (hook != null || OF_THREAD.isBound());
    }

    /** Passes the point. */
    public static void reach(SharedAccess access, Object owner, long address, int sizeBytes) {
        if (isAnySimulated()) {
            reachHook(access, owner, address, sizeBytes);
        }
    }

    /** Passes the point before a copy in the middle of a map operation. */
    public static void reachCopy(long from, long to, int sizeBytes) {
        if (isAnySimulated()) {
            ScheduleHook current = current();
            if (current != null) {
                current.reachCopy(from, to, sizeBytes);
            }
        }
    }

    /** Says before a wait that it ends at a moment; in production nobody listens. */
    public static void limitWait(long deadlineNanos) {
        if (isAnySimulated()) {
            ScheduleHook current = current();
            if (current != null) {
                current.limitWait(deadlineNanos);
            }
        }
    }

    /** Tells what a program did with an element; only where there is a hook, since an event has to be made. */
    public static void tell(ElementEvent event) {
        ScheduleHook current = current();
        if (current != null) {
            current.told(event);
        }
    }

    private static void reachHook(SharedAccess access, Object owner, long address, int sizeBytes) {
        ScheduleHook current = current();
        if (current != null) {
            current.reach(access, owner, address, sizeBytes);
        }
    }

    private static @Nullable ScheduleHook current() {
        ScheduleHook ofProcess = hook;
        if (ofProcess != null) {
            return ofProcess;
        }
        return OF_THREAD.isBound() ? OF_THREAD.get() : null;
    }

    /** Runs a body under a hook of its own, on this thread; a {@link #begin} comes before and an {@link #end} after. */
    public static void runWith(ScheduleHook ofBody, Runnable body) {
        ScopedValue.where(OF_THREAD, ofBody).run(body);
    }

    /** Returns what a body gives, which only looks: its accesses are no schedule points of the hook that the thread runs under. */
    public static <T> T quietly(Supplier<T> body) {
        return isAnySimulated() ? ScopedValue.where(OF_THREAD, QUIET).call(body::get) : body.get();
    }

    /** Makes threads look for their hook until {@link #end} was called as often. */
    public static synchronized void begin() {
        if (simulations++ == 0) {
            setSimulated(true);
        }
    }

    /** Ends what {@link #begin} began. */
    public static synchronized void end() {
        if (--simulations == 0) {
            setSimulated(false);
        }
    }

    /**
     * Installs a hook for all threads of the process.
     *
     * @throws IllegalStateException where one is installed already
     */
    public static synchronized void install(ScheduleHook newHook) {
        if (hook != null) {
            throw new IllegalStateException("a schedule hook is installed already");
        }
        hook = newHook;
        begin();
    }

    /** Removes the hook of the process, if there is one. */
    public static synchronized void remove() {
        if (hook != null) {
            hook = null;
            end();
        }
    }

    private static void setSimulated(boolean simulated) {
        SIMULATED.setTarget(MethodHandles.constant(boolean.class, simulated));
        MutableCallSite.syncAll(new MutableCallSite[] {SIMULATED});
    }
}
