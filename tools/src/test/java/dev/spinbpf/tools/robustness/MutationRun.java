package dev.spinbpf.tools.robustness;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Damages copies of the samples and puts them through loader, verifier and, in part, machine and dump. Copy number i of
 * seed s is copy number 0 of seed s + i, so that a failure is repeated by its own seed alone.
 */
final class MutationRun {
    /** Processor time that a copy may take. */
    private static final long MOST_NANOS = 5_000_000_000L;

    /** Wall time after which a copy is taken to hang, on a machine that has other things to do. */
    private static final long HANG_NANOS = 60_000_000_000L;

    private final Subject.Kind kind;
    private final List<Subject> subjects;
    private volatile long current;
    private volatile long startedNanos;
    private volatile @Nullable Throwable failure;
    private volatile boolean ended;
    private volatile long longestNanos;
    private volatile long longestSeed;

    MutationRun(Subject.Kind kind, Path samples) throws Exception {
        this.kind = kind;
        this.subjects = subjects(samples);
    }

    private static List<Subject> subjects(Path samples) throws Exception {
        List<Path> files;
        try (Stream<Path> all = Files.list(samples)) {
            files = all.filter(file -> file.toString().endsWith(".bpf.o"))
                    .sorted()
                    .toList();
        }
        if (files.isEmpty()) {
            throw new IOException("no samples in " + samples);
        }
        List<Subject> subjects = new ArrayList<>();
        for (Path file : files) {
            subjects.add(new Subject(file, Files.readAllBytes(file)));
        }
        return subjects;
    }

    /**
     * Puts so many copies through.
     *
     * @return what came of them, in a line
     * @throws AssertionError naming the seed of the copy that failed
     */
    String run(int copies, long seed) throws InterruptedException {
        current = seed;
        startedNanos = System.nanoTime();
        Thread worker = Thread.ofPlatform().daemon().name("mutations").unstarted(() -> work(copies, seed));
        worker.start();
        while (!ended) {
            worker.join(50);
            if (!ended && System.nanoTime() - startedNanos > HANG_NANOS) {
                AssertionError hang = new AssertionError(report("hangs"));
                hang.setStackTrace(worker.getStackTrace());
                throw hang;
            }
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new AssertionError(report("failed: " + thrown), thrown);
        }
        return summary(copies, seed);
    }

    private void work(int copies, long seed) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        try {
            for (int i = 0; i < copies; i++) {
                current = seed + i;
                startedNanos = System.nanoTime();
                SplittableRandom random = new SplittableRandom(current);
                Subject subject = subjects.get(random.nextInt(subjects.size()));
                long before = threads.getCurrentThreadCpuTime();
                subject.damageAndUse(kind, random);
                took(threads.getCurrentThreadCpuTime() - before);
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            ended = true;
        }
    }

    private void took(long nanos) {
        if (nanos > longestNanos) {
            longestNanos = nanos;
            longestSeed = current;
        }
        if (nanos > MOST_NANOS) {
            throw new AssertionError("took " + nanos / 1_000_000 + " ms of processor time");
        }
    }

    private String report(String what) {
        Subject subject = subjects.get(new SplittableRandom(current).nextInt(subjects.size()));
        return kind + ": a copy of " + subject.name() + " " + what + "; repeat with -Dspinbpf.seed=" + current
                + " -Dspinbpf.mutations=1";
    }

    private String summary(int copies, long seed) {
        int[] sums = new int[4];
        for (Subject subject : subjects) {
            int[] counts = subject.counts();
            Arrays.setAll(sums, i -> sums[i] + counts[i]);
        }
        return "%s: %d copies, seed %d: %d not readable; programs: %d accepted, %d rejected, %d not supported; longest %d ms (seed %d)"
                .formatted(
                        kind, copies, seed, sums[0], sums[1], sums[2], sums[3], longestNanos / 1_000_000, longestSeed);
    }

    /** Arguments: number of copies, seed, and optionally the kinds of damage; goes on after a failure and lists all kinds of them. */
    public static void main(String[] arguments) throws Exception {
        int copies = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        Path samples = Path.of(System.getProperty("spinbpf.root", "."), "programs", "samples");
        for (Subject.Kind kind : Subject.Kind.values()) {
            if (arguments.length > 2 && !List.of(arguments).contains(kind.name())) {
                continue;
            }
            long next = seed;
            Set<String> seen = new HashSet<>();
            while (next < seed + copies) {
                MutationRun run = new MutationRun(kind, samples);
                try {
                    System.out.println(run.run((int) (seed + copies - next), next));
                    break;
                } catch (AssertionError e) {
                    if (seen.add(trace(e))) {
                        System.out.println(e.getMessage() + "\n" + trace(e));
                    }
                    next = run.current + 1;
                }
            }
        }
    }

    private static String trace(AssertionError e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return Stream.of(cause.getStackTrace())
                .limit(8)
                .map(frame -> "    at " + frame)
                .collect(Collectors.joining("\n"));
    }
}
