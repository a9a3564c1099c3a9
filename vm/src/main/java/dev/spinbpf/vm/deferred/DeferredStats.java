package dev.spinbpf.vm.deferred;

import dev.spinbpf.vm.exec.Code;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts deferred calls by callback. */
final class DeferredStats {
    private final Map<Callback, Counts> counts = new LinkedHashMap<>();

    private record Callback(DeferredKind kind, Code code, long function) {}

    private record Counts(LongAdder started, LongAdder ran) {}

    synchronized void add(DeferredKind kind, Code code, long function) {
        counts.computeIfAbsent(new Callback(kind, code, function), key -> new Counts(new LongAdder(), new LongAdder()));
    }

    private synchronized Counts counts(DeferredKind kind, Code code, long function) {
        Callback callback = new Callback(kind, code, function);
        return counts.computeIfAbsent(callback, key -> new Counts(new LongAdder(), new LongAdder()));
    }

    void countStart(DeferredKind kind, Code code, long function) {
        counts(kind, code, function).started.increment();
    }

    void countRun(DeferredKind kind, Code code, long function) {
        counts(kind, code, function).ran.increment();
    }

    synchronized List<DeferredRow> rows() {
        return counts.entrySet().stream()
                .map(entry -> row(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static DeferredRow row(Callback callback, Counts counts) {
        return new DeferredRow(
                callback.kind,
                callback.code.program().name(),
                callback.code.functionNameOf(callback.function),
                counts.started.sum(),
                counts.ran.sum());
    }
}
