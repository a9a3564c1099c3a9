package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * The types of the host's kernel, read while the command line is still being made.
 *
 * <p>They are some megabytes, of which each is looked at; the models of the options take as long, on one processor. So a
 * start that will most likely want them begins with both.
 */
final class HostTypes {
    private static volatile @Nullable Ahead ahead;

    private HostTypes() {}

    /** Types that are being read. */
    private record Ahead(Path file, FutureTask<Btf> types) {}

    /** Begins to read the host's types if a command line is one that uses them: {@code verify} without another kernel. */
    static void begin(String... arguments) {
        if (wants(arguments)) {
            HostKernel.find().ifPresent(host -> begin(host.types()));
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

    /** Begins to read the types of one file. */
    static void begin(Path file) {
        Callable<Btf> reading = () -> {
            Btf types = InputFiles.kernelTypes(file);
            types.findAll(""); // makes the index of names
            return types;
        };
        var task = new FutureTask<>(reading);
        ahead = new Ahead(file, task);
        Thread.ofPlatform().name("host-types").daemon().start(task);
    }

    /** Returns the types in a file, or none: those that are being read if they are of this file. */
    static Btf read(@Nullable Path file) throws InputException {
        Ahead begun = ahead;
        if (begun == null || !begun.file.equals(file)) {
            return InputFiles.kernelTypes(file);
        }
        try {
            return begun.types.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return InputFiles.kernelTypes(file);
        } catch (ExecutionException e) {
            return InputFiles.kernelTypes(file); // fails in its own words
        }
    }
}
