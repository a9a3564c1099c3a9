package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.LockFailure;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The failure that is being counted, as the trace that exemplars point to: whoever sees a failure counter rise finds the
 * report of one of the failures by it.
 */
final class FailureContext implements SpanContext {
    private static final ScopedValue<LockFailure> FAILURE = ScopedValue.newInstance();

    /** Runs something that counts a failure. */
    static void run(LockFailure failure, Runnable counting) {
        ScopedValue.where(FAILURE, failure).run(counting);
    }

    @Override
    public @Nullable String getCurrentTraceId() {
        return FAILURE.isBound() ? FAILURE.get().traceId() : null;
    }

    @Override
    public @Nullable String getCurrentSpanId() {
        return FAILURE.isBound() ? HexFormat.of().toHexDigits(FAILURE.get().number()) : null;
    }

    @Override
    public boolean isCurrentSpanSampled() {
        return FAILURE.isBound();
    }

    @Override
    public void markCurrentSpanAsExemplar() {}
}
