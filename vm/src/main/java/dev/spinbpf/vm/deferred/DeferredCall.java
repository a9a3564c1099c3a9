package dev.spinbpf.vm.deferred;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.sync.IntWord;
import dev.spinbpf.vm.exec.Code;
import org.jspecify.annotations.Nullable;

/** The timer, work queue or task work in a map's value. {@link DeferredCalls} guards all that is not a word. */
final class DeferredCall {
    final DeferredKind kind;
    final BpfMap map;
    final long value;

    /** The CPU that runs the callback now, plus 1; or 0. */
    final IntWord runningOn = new IntWord("deferred call running");

    /** Timer callbacks that wait for this one's end in order to cancel it. */
    final IntWord cancelling = new IntWord("timer cancelling");

    @Nullable
    Code code;

    long function;

    /** The CPU in whose queue it is, or null. */
    @Nullable
    Cpu queuedOn;

    long dueNanos;
    long sequence;

    DeferredCall(DeferredKind kind, BpfMap map, long value) {
        this.kind = kind;
        this.map = map;
        this.value = value;
    }
}
