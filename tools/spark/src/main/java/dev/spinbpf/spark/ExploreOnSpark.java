package dev.spinbpf.spark;

import dev.spinbpf.tools.cli.ExploreParts;
import dev.spinbpf.tools.cli.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A search of {@code spinbpf explore} in parts on Apache Spark, with the report of one run at the end. */
@Command(
        name = "explore-on-spark",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpAutoWidth = true,
        description = {
            "Searches the schedules of FILEs as spinbpf explore does, in parts on the executors of a Spark cluster, and prints"
                    + " the report of one run. Parts whose executor is lost are searched again.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  explore-on-spark --master 'local-cluster[2,1,1024]' nesting.bpf.o",
            "  explore-on-spark --master spark://host:7077 --shards 32 x.bpf.o -- --preemptions 3",
            "",
            "Exit codes: 0 nothing found, 1 something found, 2 wrong usage, a file that cannot be used, or a part that failed."
        })
public final class ExploreOnSpark implements Callable<Integer> {
    private static final int USAGE = 2;

    /** Times that a part may fail before the search is given up; losses of executors do not count. */
    private static final String MOST_FAILURES = "4";

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--master",
            required = true,
            paramLabel = "URL",
            description =
                    "The cluster: local-cluster[EXECUTORS,CORES,MEGABYTES] on this machine, or spark://HOST:PORT.")
    private String master;

    @Option(
            names = "--shards",
            paramLabel = "N",
            defaultValue = "8",
            description =
                    "Number of parts, 2 to 9999 (default 8). At most as many search as there are situations to begin from.")
    private int shards;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--html", paramLabel = "FILE", description = "Also write the page of the findings.")
    private @Nullable Path html;

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description =
                    "BPF objects and text programs; after --, options of spinbpf explore such as --preemptions 3.")
    private List<String> arguments = List.of();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ExploreOnSpark() {}

    /** Runs the command. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ExploreOnSpark()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        if (shards < 2 || shards > 9999) {
            throw new ParameterException(spec.commandLine(), "--shards is " + shards + "; it has to be 2 to 9999");
        }
        List<String> names =
                arguments.stream().takeWhile(each -> !each.startsWith("-")).toList();
        List<String> options = arguments.subList(names.size(), arguments.size());
        List<NamedBytes> files = new ArrayList<>();
        for (String name : names) {
            if (name.endsWith(".yaml")) {
                return failed(name + ": a workload file names other files; name the objects themselves");
            }
            try {
                files.add(NamedBytes.of(files.size(), Path.of(name)));
            } catch (NoSuchFileException e) {
                return failed(name + ": there is no such file");
            }
        }
        try (ScratchDirectory scratch = ScratchDirectory.create()) {
            return merge(search(new ShardTask(files, options, shards)), names, scratch.path());
        } catch (IOException e) {
            return failed(String.valueOf(e.getMessage()));
        }
    }

    private List<byte[]> search(ShardTask task) throws IOException {
        SparkConf conf = new SparkConf()
                .setAppName("spinbpf explore")
                .setMaster(master)
                .set("spark.task.maxFailures", MOST_FAILURES)
                .set("spark.ui.enabled", "false")
                .set(
                        "spark.executor.extraJavaOptions",
                        "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow");
        List<Integer> numbers = IntStream.rangeClosed(1, shards).boxed().toList();
        try (JavaSparkContext context = new JavaSparkContext(conf)) {
            context.sc().addSparkListener(new ShardListener(System.err));
            return context.parallelize(numbers, shards).map(task).collect();
        } catch (Exception e) {
            throw new IOException("the search failed: " + rootOf(e), e);
        }
    }

    private static String rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        return message.lines().findFirst().orElse(message) + (failure instanceof SparkException ? " (Spark)" : "");
    }

    private int merge(List<byte[]> parts, List<String> names, Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        for (byte[] part : parts) {
            Path file = Files.write(directory.resolve(files.size() + 1 + ".part"), part);
            ExploreParts.rename(file, String.join(", ", names));
            files.add(file);
        }
        Stream<String> more = Stream.concat(
                json ? Stream.of("--json") : Stream.empty(),
                html == null ? Stream.empty() : Stream.of("--html", html.toString()));
        List<String> command = Stream.of(
                        Stream.of("explore", "merge"), files.stream().map(Path::toString), more)
                .flatMap(each -> each)
                .collect(Collectors.toList());
        ExploreParts.Outcome outcome = ExploreParts.run(command.toArray(String[]::new));
        spec.commandLine().getOut().print(outcome.out());
        spec.commandLine().getOut().flush();
        System.err.print(outcome.err());
        return outcome.code();
    }

    private int failed(String why) {
        spec.commandLine().getErr().println("spinbpf: " + why);
        return USAGE;
    }
}
