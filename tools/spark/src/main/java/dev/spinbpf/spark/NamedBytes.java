package dev.spinbpf.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that travels: its place among the others, its name without folders, and its contents. */
final class NamedBytes implements Serializable {
    private static final long serialVersionUID = 1;

    private final int number;
    private final String name;
    private final byte[] contents;

    private NamedBytes(int number, String name, byte[] contents) {
        this.number = number;
        this.name = name;
        this.contents = contents;
    }

    /** Reads a file. */
    static NamedBytes of(int number, Path file) throws IOException {
        return new NamedBytes(number, String.valueOf(file.getFileName()), Files.readAllBytes(file));
    }

    /** Writes the file into a folder of its own below a directory, under its own name, and returns where it is. */
    Path writtenBelow(Path directory) throws IOException {
        Path folder = Files.createDirectory(directory.resolve(String.valueOf(number)));
        return Files.write(folder.resolve(name), contents);
    }
}
