package dev.spinbpf.tools.kernels;

import dev.spinbpf.programs.linux.KernelVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The kernels that were imported: a directory for each, by its release, with its types and configuration. */
public final class KernelStore {
    private static final Pattern NAME = Pattern.compile("[0-9][0-9A-Za-z.+_~-]{0,127}");
    private static final String TYPES = "vmlinux.btf";
    private static final String CONFIG = "config";

    private final Path directory;

    /** @param directory where the kernels are; it need not be there yet */
    public KernelStore(Path directory) {
        this.directory = directory;
    }

    /**
     * A kernel that was imported.
     *
     * @param types the file with its types, null if none were imported
     * @param config the file with its configuration, null if none was imported
     */
    public record Imported(
            String release,
            KernelVersion version,
            @Nullable Path types,
            @Nullable Path config) {}

    /** The user's: in {@code $XDG_DATA_HOME/spinbpf/kernels}. */
    public static KernelStore ofUser() {
        String given = System.getProperty("spinbpf.data.home", System.getenv("XDG_DATA_HOME"));
        Path home = given == null || given.isEmpty()
                ? Path.of(System.getProperty("user.home", "."), ".local", "share")
                : Path.of(given);
        return new KernelStore(home.resolve("spinbpf").resolve("kernels"));
    }

    /** All kernels, oldest first. */
    public List<Imported> list() throws KernelFileException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Imported> kernels = new ArrayList<>();
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path entry : entries.toList()) {
                String name = String.valueOf(entry.getFileName());
                KernelVersion.ofRelease(name)
                        .filter(_ -> NAME.matcher(name).matches())
                        .ifPresent(version -> kernels.add(
                                new Imported(name, version, ifThere(entry, TYPES), ifThere(entry, CONFIG))));
            }
        } catch (IOException e) {
            throw new KernelFileException(directory + ": " + e.getMessage(), e);
        }
        kernels.sort(Comparator.comparing(Imported::version).thenComparing(Imported::release));
        return kernels;
    }

    private static @Nullable Path ifThere(Path kernel, String file) {
        Path path = kernel.resolve(file);
        return Files.isRegularFile(path) ? path : null;
    }

    /**
     * The kernel that a name means: the release itself, or the newest one of that version; {@code 7.2} stands for all of
     * its stable series.
     */
    public Optional<Imported> find(String name) throws KernelFileException {
        Imported found = null;
        for (Imported kernel : list()) {
            if (kernel.release.equals(name)) {
                return Optional.of(kernel);
            }
            if (kernel.release.startsWith(name) && !Character.isDigit(charAfter(kernel.release, name))) {
                found = kernel;
            }
        }
        return Optional.ofNullable(found);
    }

    private static char charAfter(String release, String name) {
        return release.length() > name.length() ? release.charAt(name.length()) : '-';
    }

    /**
     * Keeps parts of a kernel, beside those that were imported before.
     *
     * @param release as {@code uname -r} prints it
     */
    public Imported add(String release, KernelParts parts) throws KernelFileException {
        KernelVersion version = KernelVersion.ofRelease(release)
                .filter(_ -> NAME.matcher(release).matches())
                .orElseThrow(
                        () -> new KernelFileException("'" + release + "' is no release of Linux, such as 7.3.4-amd64"));
        Path kernel = directory.resolve(release);
        try {
            Files.createDirectories(kernel);
            write(kernel, TYPES, parts.types());
            write(kernel, CONFIG, parts.config());
        } catch (IOException e) {
            throw new KernelFileException(kernel + ": cannot be written: " + e.getMessage(), e);
        }
        return new Imported(release, version, ifThere(kernel, TYPES), ifThere(kernel, CONFIG));
    }

    private static void write(Path kernel, String name, byte @Nullable [] bytes) throws IOException {
        if (bytes != null) {
            Path written = kernel.resolve(name + ".new");
            Files.write(written, bytes);
            Files.move(
                    written, kernel.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Removes a kernel; returns false if there is none of that release. */
    public boolean remove(String release) throws KernelFileException {
        Path kernel = directory.resolve(release);
        if (!NAME.matcher(release).matches() || !Files.isDirectory(kernel)) {
            return false;
        }
        try {
            for (String file : List.of(TYPES, CONFIG, TYPES + ".new", CONFIG + ".new")) {
                Files.deleteIfExists(kernel.resolve(file));
            }
            Files.delete(kernel);
            return true;
        } catch (IOException e) {
            throw new KernelFileException(kernel + ": cannot be removed: " + e.getMessage(), e);
        }
    }
}
