package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.linux.KernelVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The Linux that spinbpf runs on, as far as it shows its types.
 *
 * @param version its release, without what the distribution adds
 * @param types the file with its types
 * @param config the file with its configuration, null if there is none
 */
record HostKernel(
        KernelVersion version, Path types, @Nullable Path config) {

    /** The host's kernel; empty if it shows no types or does not say its release. */
    static Optional<HostKernel> find() {
        Path root = Path.of(System.getProperty("spinbpf.host", "/"));
        Path types = root.resolve("sys/kernel/btf/vmlinux");
        if (!Files.isReadable(types)) {
            return Optional.empty();
        }
        try {
            String release =
                    Files.readString(root.resolve("proc/sys/kernel/osrelease")).strip();
            Path config = Stream.of("proc/config.gz", "boot/config-" + release)
                    .map(root::resolve)
                    .filter(Files::isReadable)
                    .findFirst()
                    .orElse(null);
            return KernelVersion.ofRelease(release).map(version -> new HostKernel(version, types, config));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
