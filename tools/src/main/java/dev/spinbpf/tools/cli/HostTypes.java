package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The types of the host's kernel, read while the command line is still being made.
 *
 * <p>They are some megabytes, of which each is looked at; the models of the options take as long, on one processor. So a
 * start that will most likely want them begins with both.
 */
final class HostTypes {
    private static volatile @Nullable FutureTask<Optional<Known>> ahead;

    private HostTypes() {}

    /** Types that were read. */
    private record Known(Path file, Btf types) {}

    /** Begins to read the host's types if a command line is one that uses them: {@code verify} without another kernel. */
    static void begin(String... arguments) {
        if (wants(arguments)) {
            begin(() -> HostKernel.find().map(HostKernel::types));
        }
    }

    static boolean wants(String... arguments) {
        if (arguments.length < 2 || !arguments[0].equals("verify")) {
            return false;
        }
        for (String argument : arguments) {
            if (argument.startsWith("--kernel") || argument.startsWith("--btf")) {
                return false;
            }
        }
        return true;
    }

    /** Begins to read the types of a file that is found at the same time, if any. */
    static void begin(Supplier<Optional<Path>> finding) {
        var task = new FutureTask<>(() -> known(finding.get().orElse(null)));
        ahead = task;
        Thread.ofPlatform().name("host-types").daemon().start(task);
    }

    private static Optional<Known> known(@Nullable Path file) throws InputException {
        if (file == null) {
            return Optional.empty();
        }
        Btf types = InputFiles.kernelTypes(file);
        types.findAll(""); // makes the index of names
        return Optional.of(new Known(file, types));
    }

    /** Returns the types in a file, or none: those that are being read if they are of this file. */
    static Btf read(@Nullable Path file) throws InputException {
        FutureTask<Optional<Known>> begun = ahead;
        if (begun != null && file != null) {
            try {
                Known known = begun.get().orElse(null);
                if (known != null && known.file.equals(file)) {
                    return known.types;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException e) {
                // reading them again fails in its own words
            }
        }
        return InputFiles.kernelTypes(file);
    }
}
