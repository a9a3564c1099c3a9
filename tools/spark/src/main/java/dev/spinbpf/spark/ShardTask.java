package dev.spinbpf.spark;

import dev.spinbpf.tools.cli.ExploreParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.Function;

/** Searches one part, anywhere: it brings the files along, and gives back the bytes of the part file. */
final class ShardTask implements Function<Integer, byte[]> {
    private static final long serialVersionUID = 1;

    private final List<NamedBytes> files;
    private final List<String> options;
    private final int count;

    /**
     * @param files the objects
     * @param options those of {@code spinbpf explore} that the parts share
     * @param count how many parts there are
     */
    ShardTask(List<NamedBytes> files, List<String> options, int count) {
        this.files = new ArrayList<>(files);
        this.options = new ArrayList<>(options);
        this.count = count;
    }

    @Override
    public byte[] call(Integer shard) throws IOException {
        Path directory = Files.createTempDirectory("spinbpf-shard");
        try {
            Path part = directory.resolve("part");
            List<String> arguments = new ArrayList<>(List.of("explore"));
            for (NamedBytes file : files) {
                arguments.add(file.writtenBelow(directory).toString());
            }
            arguments.addAll(options);
            arguments.addAll(List.of("--shard", shard + "/" + count, "--part", part.toString()));
            ExploreParts.Outcome outcome = ExploreParts.run(arguments.toArray(String[]::new));
            if (outcome.isUseless()) {
                throw new IOException("part " + shard + " of " + count + ": "
                        + outcome.err().replace(directory + "/", "").strip());
            }
            return Files.readAllBytes(part);
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> all;
        try (Stream<Path> below = Files.walk(directory)) {
            all = new ArrayList<>(below.toList());
        }
        for (Path path : all.reversed()) {
            Files.delete(path);
        }
    }
}
