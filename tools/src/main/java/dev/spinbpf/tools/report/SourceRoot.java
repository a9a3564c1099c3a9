package dev.spinbpf.tools.report;

import dev.spinbpf.verifier.refusal.Location;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds source files as a repository names them: relative to its root, which is the closest directory above the working one with a
 * {@code .git} in it. Compilers keep the name that they were given, which is relative to wherever they ran.
 */
final class SourceRoot {
    private final Path root;
    private final Path working;

    SourceRoot(Path workingDirectory) {
        working = workingDirectory.toAbsolutePath().normalize();
        Path at = working;
        while (at != null && !Files.exists(at.resolve(".git"))) {
            at = at.getParent();
        }
        root = at == null ? working : at;
    }

    /**
     * The file of a place, with slashes; as the object has it where there is no such file.
     *
     * @param directory the directory of the object, or null
     */
    String nameOf(Location at, @Nullable Path directory) {
        try {
            Path file = Path.of(at.file());
            List<Path> places = new ArrayList<>(List.of(working.resolve(file), root.resolve(file)));
            if (directory != null) {
                places.addFirst(directory.toAbsolutePath().resolve(file));
            }
            for (Path place : places) {
                Path found = place.normalize();
                if (Files.isRegularFile(found) && found.startsWith(root)) {
                    return root.relativize(found).toString().replace('\\', '/');
                }
            }
            return file.normalize().toString();
        } catch (InvalidPathException e) {
            return at.file();
        }
    }
}
