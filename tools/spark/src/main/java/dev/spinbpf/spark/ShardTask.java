package dev.spinbpf.spark;

import dev.spinbpf.tools.cli.ExploreParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.Function;

/** A task that searches one part on any machine. It carries the objects with it and returns the part file. */
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
        try (ScratchDirectory scratch = ScratchDirectory.create()) {
            Path directory = scratch.path();
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
        }
    }
}
