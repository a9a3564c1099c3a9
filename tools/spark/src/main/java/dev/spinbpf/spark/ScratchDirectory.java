package dev.spinbpf.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A directory for files that nobody wants afterwards. */
record ScratchDirectory(Path path) implements AutoCloseable {
    static ScratchDirectory create() throws IOException {
        return new ScratchDirectory(Files.createTempDirectory("spinbpf-parts"));
    }

    /** Removes it with all that is in it. */
    @Override
    public void close() throws IOException {
        List<Path> all;
        try (Stream<Path> below = Files.walk(path)) {
            all = below.toList();
        }
        for (Path each : all.reversed()) {
            Files.delete(each);
        }
    }
}
