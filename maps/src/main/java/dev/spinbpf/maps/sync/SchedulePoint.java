package dev.spinbpf.maps.sync;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import org.jspecify.annotations.Nullable;

/**
 * The place before each access to a shared word at which a simulation decides which strand goes next.
 *
 * <p>In production there is no hook and the point costs nothing: whether there is one is a constant to the JIT compiler
 * (the target of a call site that changes only when a hook comes or goes, at which compiled code is thrown away).
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

    private static volatile @Nullable ScheduleHook hook;

    static {
        SIMULATED.setTarget(MethodHandles.constant(boolean.class, false));
    }

    private SchedulePoint() {}

    /** Returns true where a hook is installed: a constant to compiled code. */
    public static boolean isSimulated() {
        try {
            return (boolean) IS_SIMULATED.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("a constant cannot fail", e);
        }
    }

    /** Passes the point. */
    public static void reach(SharedAccess access, Object owner, long address) {
        if (isSimulated()) {
            reachHook(access, owner, address);
        }
    }

    private static void reachHook(SharedAccess access, Object owner, long address) {
        ScheduleHook current = hook;
        if (current != null) {
            current.reach(access, owner, address);
        }
    }

    /**
     * Installs a hook for the whole process.
     *
     * @throws IllegalStateException where one is installed already
     */
    public static synchronized void install(ScheduleHook newHook) {
        if (hook != null) {
            throw new IllegalStateException("a schedule hook is installed already");
        }
        hook = newHook;
        setSimulated(true);
    }

    /** Removes the hook, if there is one. */
    public static synchronized void remove() {
        setSimulated(false);
        hook = null;
    }

    private static void setSimulated(boolean simulated) {
        SIMULATED.setTarget(MethodHandles.constant(boolean.class, simulated));
        MutableCallSite.syncAll(new MutableCallSite[] {SIMULATED});
    }
}
