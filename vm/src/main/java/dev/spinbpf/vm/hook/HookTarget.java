package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.ContextArgument;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place that programs attach to by name.
 *
 * @param name the tracepoint or function
 * @param kind what it is
 * @param level the level at which it fires; null where it fires in the middle of what runs, at that level
 * @param point the point inside the runtime that it stands for, or null for an entry hook
 * @param mapTypes kinds of maps whose operations fire it; empty for all
 * @param arguments its arguments, as programs see them; none for places that have a context of another form
 * @param isNested whether programs run here that attach to other places, with contexts of their own kinds
 */
public record HookTarget(
        String name,
        Kind kind,
        @Nullable ContextLevel level,
        @Nullable HookPoint point,
        Set<MapType> mapTypes,
        List<ContextArgument> arguments,
        boolean isNested) {
    private static final String SYSTEM_CALL_ENDS = "sys_exit";

    /**
     * Returns the levels at which its events can come: packets come with a softirq or from a task that sends, samples
     * of perf_event with an NMI or a timer's interrupt, and a function or tracepoint is reached from any context. None
     * for points inside the runtime, which fire at the level of what runs.
     */
    public Set<ContextLevel> levels() {
        if (isInside()) {
            return Set.of();
        }
        return switch (kind) {
            case PACKET -> EnumSet.of(ContextLevel.TASK, ContextLevel.SOFTIRQ);
            case SYSCALL -> EnumSet.of(ContextLevel.TASK);
            case EVENT ->
                level == ContextLevel.TASK
                        ? EnumSet.of(ContextLevel.TASK)
                        : EnumSet.of(ContextLevel.TASK, Objects.requireNonNull(level));
            case PERF_EVENT -> EnumSet.of(ContextLevel.HARDIRQ, ContextLevel.NMI);
            case CALLED -> EnumSet.range(ContextLevel.TASK, ContextLevel.HARDIRQ);
            case TRACEPOINT, FUNCTION, FUNCTION_EXIT -> EnumSet.allOf(ContextLevel.class);
            case PROGRAM_ENTRY, PROGRAM_EXIT -> Set.of();
        };
    }

    /** Returns true where something ends here that began at another place of the same {@link #activity}. */
    public boolean isExit() {
        return kind == Kind.FUNCTION_EXIT || kind == Kind.TRACEPOINT && name.startsWith(SYSTEM_CALL_ENDS);
    }

    /** Returns the function or system call that is entered or left here, by one name for both. */
    public String activity() {
        if (kind == Kind.TRACEPOINT) {
            return name.replaceFirst("^" + SYSTEM_CALL_ENDS, "sys_enter");
        }
        String entered = name.replaceFirst("^(?:u|k)ret", "").replaceFirst("^(?:u|k)?probe", "");
        return kind == Kind.FUNCTION_EXIT ? Kind.FUNCTION + entered : kind + entered;
    }

    /** Returns true where programs run in the middle of what runs, rather than by an event of their own. */
    public boolean isInside() {
        return point != null || kind == Kind.PROGRAM_ENTRY || kind == Kind.PROGRAM_EXIT;
    }

    /** Kinds of places. */
    public enum Kind {
        /** Packets: {@code tc}, {@code xdp}, {@code socket}. */
        PACKET,
        /** {@code syscall} programs, run from a task. */
        SYSCALL,
        /** {@code perf_event} programs, run from an NMI. */
        PERF_EVENT,
        /** {@code tp_btf/NAME}, {@code raw_tp/NAME}, {@code tp/GROUP/NAME}. */
        TRACEPOINT,
        /** {@code fentry/NAME}, {@code kprobe/NAME}. */
        FUNCTION,
        /** {@code fexit/NAME}, {@code fmod_ret/NAME}, {@code kretprobe/NAME}. */
        FUNCTION_EXIT,
        /** Whatever else makes programs of a type run: a call of a socket, a cgroup's check, an iterator. */
        EVENT,
        /** {@code lsm} and {@code struct_ops} programs: the kernel calls them from tasks and from interrupts. */
        CALLED,
        /** The entry of another program. */
        PROGRAM_ENTRY,
        /** The exit of another program. */
        PROGRAM_EXIT
    }
}
