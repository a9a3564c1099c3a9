package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.report.LockResult;
import dev.spinbpf.tools.serve.engine.FailureLog;
import dev.spinbpf.vm.Machine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Locks as JSON: what was counted, which CPU holds and which wants which lock now, and the failures.
 *
 * <p>A CPU wants the lock of its topmost entry where that is still an attempt. Entries are read one by one while the
 * CPUs go on: each was true at a moment during the call, not all at one.
 */
final class LockView {
    private LockView() {}

    /** A lock that a CPU holds or wants. */
    private record Claim(int cpu, long lock, String name, String level) {}

    static String locks(Machine machine) {
        LockStats stats = machine.lockStats();
        JsonText json = new JsonText(false, false).begin('{').name("locks").begin('[');
        for (LockRow row : LockRow.of(stats.classes(), machine.cpus().count())) {
            row(json, row);
        }
        List<Claim> held = new ArrayList<>();
        List<Claim> wanted = new ArrayList<>();
        for (Cpu cpu : machine.cpus().all()) {
            held(cpu, stats, held);
        }
        for (Cpu cpu : machine.cpus().all()) {
            wanted(cpu, stats, held, wanted);
        }
        json.end(']').name("held").begin('[');
        for (Claim claim : held) {
            claim(json, claim).name("context").string(claim.level()).end('}');
        }
        json.end(']').name("wanted").begin('[');
        for (Claim claim : wanted) {
            claim(json, claim).end('}');
        }
        json.end(']').name("waits_for").begin('[');
        for (Claim want : wanted) {
            for (Claim holder : held) {
                if (holder.lock() == want.lock()) {
                    claim(json, want).name("holder_cpu").number(holder.cpu());
                    json.name("holder_context").string(holder.level()).end('}');
                }
            }
        }
        return json.end(']').end('}').text();
    }

    private static void held(Cpu cpu, LockStats stats, List<Claim> held) {
        cpu.heldLocks().forEachHeld((lock, level, number) -> {
            LockClass known = stats.byNumber(number);
            String name = known == null ? name(stats, lock) : known.name();
            held.add(new Claim(cpu.id(), lock, name, ProgramView.word(level)));
        });
    }

    private static void wanted(Cpu cpu, LockStats stats, List<Claim> held, List<Claim> wanted) {
        HeldLocks locks = cpu.heldLocks();
        int count = Math.clamp(locks.countOpaque(), 0, HeldLocks.SLOTS);
        long lock = count == 0 ? 0 : locks.lockOpaque(count - 1);
        if (lock != 0 && locks.levelOfHolder(lock) == null) {
            String name = held.stream()
                    .filter(holder -> holder.lock() == lock)
                    .map(Claim::name)
                    .findFirst()
                    .orElseGet(() -> name(stats, lock));
            wanted.add(new Claim(cpu.id(), lock, name, ""));
        }
    }

    private static JsonText claim(JsonText json, Claim claim) {
        return json.begin('{')
                .name("cpu")
                .number(claim.cpu())
                .name("lock")
                .string(claim.name())
                .name("address")
                .string(hex(claim.lock()));
    }

    private static String name(LockStats stats, long address) {
        LockClass known = stats.known(address);
        return known == null ? "lock at " + hex(address) : known.name();
    }

    private static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }

    private static void row(JsonText json, LockRow row) {
        json.begin('{').name("name").string(row.name());
        json.name("internal").raw(Boolean.toString(row.internal()));
        json.name("contexts").begin('[');
        for (Map.Entry<ContextLevel, LockAttempts> entry : row.contexts().entrySet()) {
            LockAttempts attempts = entry.getValue();
            json.begin('{').name("context").string(ProgramView.word(entry.getKey()));
            json.name("attempts").number(attempts.total());
            for (LockResult result : LockResult.values()) {
                json.name(result.word()).number(result.in(attempts));
            }
            json.name("deepest_nesting").number(attempts.deepestNesting());
            json.name("wait_p50_ns").number(attempts.waits().p50Nanos());
            json.name("wait_p99_ns").number(attempts.waits().p99Nanos());
            json.name("wait_max_ns").number(attempts.waits().maxNanos()).end('}');
        }
        json.end(']').end('}');
    }

    /** The last failures, newest first, and what programs were told of theirs. */
    static String failures(Machine machine, FailureLog log, int most, List<ReportLog.Entry> reports) {
        JsonText json = new JsonText(false, false).begin('{').name("count").number(log.count());
        json.name("failures").begin('[');
        for (FailureLog.Entry entry : log.newest(0, most)) {
            failure(json, machine.lockStats(), entry);
        }
        json.end(']').name("reports").begin('[');
        for (ReportLog.Entry report : reports) {
            json.begin('{').name("object").string(report.object());
            json.name("program").string(report.program());
            json.name("text").string(report.text()).end('}');
        }
        return json.end(']').end('}').text();
    }

    static String failure(Machine machine, FailureLog.Entry entry) {
        JsonText json = new JsonText(false, false);
        failure(json, machine.lockStats(), entry);
        return json.text();
    }

    private static void failure(JsonText json, LockStats stats, FailureLog.Entry entry) {
        LockFailure failure = entry.failure();
        json.begin('{').name("number").number(entry.number());
        json.name("at").string(Instant.ofEpochMilli(entry.atMillis()).toString());
        json.name("trace_id").string(failure.traceId());
        json.name("lock").string(failure.lockClass().name());
        json.name("address").string(hex(failure.attemptedLock()));
        json.name("result").string(ProgramView.word(failure.outcome()));
        json.name("path").string(failure.end().path().word());
        json.name("cpu").number(failure.cpu());
        json.name("context").string(ProgramView.word(failure.level()));
        json.name("held").begin('[');
        for (long lock : failure.heldLocks()) {
            json.string(name(stats, lock));
        }
        json.end(']').name("held_count").number(failure.heldCount());
        ContextLevel holder = failure.holderLevel();
        json.name("holder_cpu").raw(holder == null ? "null" : Integer.toString(failure.holderCpu()));
        json.name("holder_context");
        if (holder == null) {
            json.raw("null");
        } else {
            json.string(ProgramView.word(holder));
        }
        json.name("waited_ns").number(failure.waitedNanos());
        json.name("report").string(report(stats, failure)).end('}');
    }

    private static String report(LockStats stats, LockFailure failure) {
        StringBuilder text = new StringBuilder("ERROR: ").append(failure.kind()).append('\n');
        text.append("Attempted lock   = ").append(failure.lockClass().name()).append('\n');
        text.append("Total held locks = ").append(failure.heldCount()).append('\n');
        long[] held = failure.heldLocks();
        for (int i = 0; i < held.length; i++) {
            text.append("Held lock[")
                    .append(i)
                    .append("] = ")
                    .append(name(stats, held[i]))
                    .append('\n');
        }
        ContextLevel holder = failure.holderLevel();
        return text.append(
                        holder == null
                                ? "Holder: free by now"
                                : "Holder: CPU " + failure.holderCpu() + " in " + ProgramView.word(holder))
                .append('\n')
                .toString();
    }
}
