package dev.spinbpf.vm.hook;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.KernelHook;
import dev.spinbpf.programs.linux.MapType;
import java.util.List;
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
 */
public record HookTarget(
        String name,
        Kind kind,
        @Nullable ContextLevel level,
        @Nullable HookPoint point,
        Set<MapType> mapTypes,
        List<KernelHook.Argument> arguments) {

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
        FUNCTION
    }
}
