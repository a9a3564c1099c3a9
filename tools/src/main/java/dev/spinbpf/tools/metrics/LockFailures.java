package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockEnd;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockFailureListener;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The last failure of each lock in each context and way. Failures come from all CPUs' threads. */
final class LockFailures implements LockFailureListener {
    private final Map<Key, LockFailure> last = new ConcurrentHashMap<>();

    private record Key(LockClass lock, ContextLevel level, LockEnd end) {}

    @Override
    public void lockFailed(LockFailure failure) {
        last.put(new Key(failure.lockClass(), failure.level(), failure.end()), failure);
    }

    /** Returns the last failure of any of these locks, or null if none is known. */
    @Nullable
    LockFailure last(List<LockClass> locks, ContextLevel level, LockEnd end) {
        LockFailure latest = null;
        for (LockClass lock : locks) {
            LockFailure own = last.get(new Key(lock, level, end));
            if (own != null && (latest == null || own.number() > latest.number())) {
                latest = own;
            }
        }
        return latest;
    }
}
