package dev.spinbpf.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.refusal.Location;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The names of source files in annotations: relative to the repository's root, wherever the compiler and this program ran. */
class SourceRootTest {
    @TempDir
    private Path directory;

    private Path repository;
    private Path build;

    @BeforeEach
    void makeRepository() throws Exception {
        repository = Files.createDirectories(directory.resolve("repository"));
        Files.createDirectories(repository.resolve(".git"));
        build = Files.createDirectories(repository.resolve("bpf/build"));
        Files.writeString(repository.resolve("bpf/lock.bpf.c"), "");
        Files.writeString(directory.resolve("outside.bpf.c"), "");
    }

    @Test
    void shouldNameFilesFromTheRootOfTheRepository() {
        assertThat(nameOf(build, "../lock.bpf.c", null)).isEqualTo("bpf/lock.bpf.c");
        assertThat(nameOf(build, repository.resolve("bpf/lock.bpf.c").toString(), null))
                .isEqualTo("bpf/lock.bpf.c");
    }

    @Test
    void shouldFindWhatTheCompilerWasGivenElsewhere() {
        assertThat(nameOf(build, "bpf/lock.bpf.c", null)).isEqualTo("bpf/lock.bpf.c");
        assertThat(nameOf(directory, "lock.bpf.c", repository.resolve("bpf"))).isEqualTo("repository/bpf/lock.bpf.c");
        assertThat(nameOf(repository, "lock.bpf.c", repository.resolve("bpf"))).isEqualTo("bpf/lock.bpf.c");
    }

    @Test
    void shouldLeaveFilesOutsideOfTheRepositoryAsTheyAre() {
        assertThat(nameOf(build, "../../../outside.bpf.c", null)).isEqualTo("../../../outside.bpf.c");
        assertThat(nameOf(build, "none.bpf.c", null)).isEqualTo("none.bpf.c");
    }

    private static String nameOf(Path working, String file, @Nullable Path ofObject) {
        return new SourceRoot(working).nameOf(new Location("f", file, 1, 0, 0, ""), ofObject);
    }
}
