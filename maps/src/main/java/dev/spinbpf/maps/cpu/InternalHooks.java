package dev.spinbpf.maps.cpu;

import org.jspecify.annotations.Nullable;

/** The internal hooks of one machine, at most one to a point; whoever attaches several multiplexes them. */
public final class InternalHooks {
    private final @Nullable InternalHook[] hooks = new @Nullable InternalHook[HookPoint.values().length];

    /** Sets or, with null, removes the hook of a point. CPUs that run see the change soon, not at once. */
    public void set(HookPoint point, @Nullable InternalHook hook) {
        hooks[point.ordinal()] = hook;
    }

    /** The hook of a point. */
    public @Nullable InternalHook get(HookPoint point) {
        return hooks[point.ordinal()];
    }
}
