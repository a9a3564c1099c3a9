package dev.spinbpf.tools.metrics;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All metrics of this program, with what they say and their labels: the one table that meters are made from, and that
 * the documentation is held against. Names are Micrometer's, with dots; Prometheus' naming follows from kind and unit.
 */
enum Metric {
    BUILD_INFO(Kind.INFO, "spinbpf.build.info", "The version that runs", "version", "java_version"),
    CPUS(Kind.GAUGE, "spinbpf.cpus", "Emulated CPUs"),
    PROCESS_CPU(Kind.SECONDS, "process.cpu", "Processor time that this process has used"),
    PROCESSORS(Kind.GAUGE, "spinbpf.processors", "Processors of the machine that emulates the CPUs"),

    LOCK_ACQUISITIONS(
            Kind.COUNTER,
            "spinbpf.lock.acquisitions",
            "Attempts to take a lock, by result (ok, or why not) and the path by which it was taken or given up",
            "lock",
            "kind",
            "map",
            "context",
            "result",
            "path"),
    LOCK_WAIT(
            Kind.TIMER,
            "spinbpf.lock.wait",
            "Time that contended attempts to take a lock waited, whether they got it or not",
            "lock",
            "kind",
            "map",
            "context"),
    LOCK_HELD(
            Kind.TIMER,
            "spinbpf.lock.held",
            "Time that locks were held, of the acquisitions that were timed",
            "lock",
            "kind",
            "map",
            "context"),
    LOCKS_HELD(
            Kind.GAUGE,
            "spinbpf.locks.held",
            "Resilient locks that are held now, by the context that took them",
            "lock",
            "kind",
            "map",
            "context"),
    LOCK_INFO(
            Kind.INFO,
            "spinbpf.lock.info",
            "The object that a lock belongs to, its address and the source line that first took it",
            "lock",
            "kind",
            "map",
            "id",
            "object",
            "source"),

    PROGRAM_RUNS(
            Kind.COUNTER,
            "spinbpf.program.runs",
            "Program runs that ended with a result",
            "program",
            "hook",
            "context"),
    PROGRAM_TIME(
            Kind.SECONDS,
            "spinbpf.program.run",
            "Time of program runs, with whatever interrupted them",
            "program",
            "hook",
            "context"),
    PROGRAM_FAULTS(
            Kind.COUNTER,
            "spinbpf.program.faults",
            "Program runs that were stopped by a fault",
            "program",
            "hook",
            "context"),
    PROGRAM_MISSES(
            Kind.COUNTER,
            "spinbpf.program.misses",
            "Program runs that a recursion guard prevented",
            "program",
            "hook",
            "context"),
    PROGRAM_INSTRUCTIONS(
            Kind.COUNTER,
            "spinbpf.program.instructions",
            "Instructions that were executed by runs that ended with a result",
            "program",
            "hook"),
    PROGRAM_INFO(
            Kind.INFO,
            "spinbpf.program.info",
            "The number, type and section of a program, its object and its first source line",
            "program",
            "hook",
            "id",
            "type",
            "section",
            "object",
            "source"),

    MAP_OPERATIONS(
            Kind.COUNTER,
            "spinbpf.map.operations",
            "Operations on maps by programs and user space, by result",
            "map",
            "kind",
            "operation",
            "result"),
    MAP_ENTRIES(Kind.GAUGE, "spinbpf.map.entries", "Elements that are in a map now", "map", "kind"),
    MAP_CAPACITY(Kind.GAUGE, "spinbpf.map.capacity", "Elements that fit into a map", "map", "kind"),
    MAP_MEMORY(Kind.BYTES, "spinbpf.map.memory", "Memory that a map uses", "map", "kind"),
    RINGBUF_RECORDS(Kind.COUNTER, "spinbpf.ringbuf.records", "Records that were reserved in a ring buffer", "map"),
    RINGBUF_DROPPED(
            Kind.COUNTER,
            "spinbpf.ringbuf.dropped",
            "Records that a ring buffer had no room for (full, too_large) or whose lock failed (lock)",
            "map",
            "reason"),
    RINGBUF_USED(Kind.BYTES, "spinbpf.ringbuf.used", "Bytes in a ring buffer that are not consumed yet", "map"),
    RINGBUF_SIZE(Kind.BYTES, "spinbpf.ringbuf.size", "Size of a ring buffer", "map"),

    INTERRUPTS_DELIVERED(
            Kind.COUNTER, "spinbpf.interrupts.delivered", "Interrupts delivered to CPUs, by level", "level"),
    INTERRUPTS_PENDING(
            Kind.GAUGE, "spinbpf.interrupts.pending", "CPUs on which an interrupt of a level is pending now", "level"),
    INTERRUPTS_MASKED(
            Kind.GAUGE, "spinbpf.interrupts.masked", "CPUs on which interrupts of a level are masked now", "level"),

    VERIFIER_VERDICTS(Kind.COUNTER, "spinbpf.verifier.verdicts", "Programs verified, by result", "result"),
    VERIFIER_TIME(Kind.TIMER, "spinbpf.verifier.duration", "Time of verifications, by result", "result"),
    VERIFIER_INSTRUCTIONS(
            Kind.COUNTER, "spinbpf.verifier.instructions", "Instructions that the verifier processed", "result"),

    STRESS_VIOLATIONS(
            Kind.COUNTER,
            "spinbpf.stress.violations",
            "What must not happen and did: exclusion broken, counts that do not add up, stuck CPUs"),
    SERVER_REQUESTS(
            Kind.TIMER, "spinbpf.server.request", "Time of requests to the server", "method", "route", "status"),
    LABELS_DROPPED(
            Kind.COUNTER,
            "spinbpf.metrics.labels.dropped",
            "Locks, programs and maps that are not told apart in metrics, because there are too many",
            "of");

    /** The kinds of metric. */
    enum Kind {
        COUNTER,
        /** A counter of seconds. */
        SECONDS,
        GAUGE,
        /** A gauge of bytes. */
        BYTES,
        TIMER,
        /** A gauge of 1 whose labels tell something. */
        INFO;

        /** Returns the base unit, or null where it counts things. */
        @Nullable
        String baseUnit() {
            return switch (this) {
                case SECONDS -> "seconds";
                case BYTES -> "bytes";
                default -> null;
            };
        }
    }

    private final Kind kind;
    private final String dotted;
    private final String help;
    private final List<String> labels;

    Metric(Kind kind, String dotted, String help, String... labels) {
        this.kind = kind;
        this.dotted = dotted;
        this.help = help;
        this.labels = List.of(labels);
    }

    Kind kind() {
        return kind;
    }

    /** Returns the name with dots, without unit. */
    String dotted() {
        return dotted;
    }

    /** Returns the sentence that explains it. */
    String help() {
        return help;
    }

    /** Returns the names of its labels. */
    List<String> labels() {
        return labels;
    }

    /** Returns the name as Prometheus has it: {@code spinbpf_lock_acquisitions_total}. */
    String exposedName() {
        String name = dotted.replace('.', '_');
        return switch (kind) {
            case COUNTER -> name + "_total";
            case SECONDS -> name + "_seconds_total";
            case BYTES -> name + "_bytes";
            case TIMER -> name + "_seconds";
            case GAUGE, INFO -> name;
        };
    }
}
