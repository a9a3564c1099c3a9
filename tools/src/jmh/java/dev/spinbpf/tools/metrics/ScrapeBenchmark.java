package dev.spinbpf.tools.metrics;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A scrape of ten thousand series, by format; {@link #setUp} prints the heap that their meters take. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ScrapeBenchmark {
    private static final int SERIES = 10_000;
    private static final String PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily";
    private static final double MEBIBYTE = 1 << 20;

    private final ContendedLocks machine = new ContendedLocks();

    /** The request's header Accept. */
    @Param({"text/plain", "application/openmetrics-text", PROTOBUF})
    private String accept = "";

    private @Nullable Meters meters;

    @Setup
    public void setUp() {
        Meters made = new Meters(machine::activity);
        long series = series(made);
        long before = usedHeap();
        for (int i = 0; series < SERIES; i++) {
            ContendedLocks.Lock lock = machine.lock("lock_" + i);
            lock.holdWhile(1_000L * i, lock::refuse);
            series = i % 50 == 0 ? series(made) : series;
        }
        System.out.printf("%d series: %.1f MiB more heap%n", series, (usedHeap() - before) / MEBIBYTE);
        meters = made;
    }

    private static long series(Meters meters) {
        return meters.scrape().lines().filter(line -> !line.startsWith("#")).count();
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @TearDown
    public void tearDown() {
        machine.close();
    }

    /** One scrape; the heap it needs meanwhile is for {@code -prof gc} to tell. */
    @Benchmark
    public Exposition scrape() {
        Meters known = meters;
        if (known == null) {
            throw new IllegalStateException("not set up");
        }
        return known.scrape(accept);
    }
}
