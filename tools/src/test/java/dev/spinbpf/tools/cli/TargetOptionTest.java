package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.verify;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spinbpf verify --target}: programs that attach to another one. */
class TargetOptionTest {
    private static final String TYPES = """
        .license "GPL"
        .btf
        [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
        [2] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1
        	'a' type_id=1
        [3] FUNC 'f' type_id=2 linkage=global
        [4] FUNC 'p' type_id=2 linkage=global
        [5] FUNC_PROTO '(anon)' ret_type_id=0 vlen=1
        	'a' type_id=1
        [6] FUNC 'wrong' type_id=5 linkage=global
        """;

    private static final String TARGET = TYPES + """
        .program main "tc"
            r1 = 1
            call f
            r0 = 0
            exit
        .global f btf=3
            r0 = r1
            exit
        .program refused "tc"
            r0 = r2
            exit
        """;

    private static final String EXTENSION = TYPES + """
        .program p "freplace/f" btf=4
            r0 = 2
            exit
        .program wrong "freplace/f" btf=6
            r0 = 2
            exit
        .program traced "fentry/f"
            r2 = *(u64 *)(r1 +0)
            r0 = 0
            exit
        .program again "freplace/p" btf=4
            r0 = 3
            exit
        """;

    @TempDir
    private Path directory;

    private String target = "";
    private String extension = "";

    @BeforeEach
    void writePrograms() throws IOException {
        target = Files.writeString(directory.resolve("target.bpfasm"), TARGET).toString();
        extension = Files.writeString(directory.resolve("extension.bpfasm"), EXTENSION)
                .toString();
    }

    @Test
    void shouldAttachToTheTarget() {
        Outcome alone = verify("--prog", "p", extension);
        assertThat(alone.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(alone.out()).contains("libbpf: prog 'p': attach program FD is not set");
        Outcome attached = verify("--target", target + ":main", "--prog", "p", "--prog", "traced", extension);
        assertThat(attached.code()).as(attached.out()).isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldSayWhatDoesNotFitTheTargetForEachKernel() {
        Outcome outcome =
                verify("--kernel", "7.3,6.18", "--json", "--target", target + ":main", "--prog", "wrong", extension);
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out())
                .containsSubsequence(
                        "\"7.3\"", "doesn't match type INT of f()", "\"6.18\"", "doesn't match type INT of f()");
    }

    @Test
    void shouldAttachEachTargetToTheOneBeforeIt() {
        Outcome outcome =
                verify("--target", target + ":main", "--target", extension + ":p", "--prog", "again", extension);
        assertThat(outcome.out()).contains("Cannot recursively attach");
    }

    @Test
    void shouldSayWhyTheTargetCannotBeAttachedTo() {
        Outcome refused = verify("--target", target + ":refused", "--prog", "p", extension);
        assertThat(refused.err()).contains("Linux 7.3 does not load it, and nothing attaches to it: R2 !read_ok");
        assertThat(refused.out()).contains("attach program FD is not set");
        assertThat(verify("--target", target + ":none", extension).err()).contains("no program named none");
        for (String wrong : List.of(target, ":main", target + ":")) {
            Outcome outcome = verify("--target", wrong, extension);
            assertThat(outcome.code()).as(wrong).isEqualTo(ExitCodes.USAGE);
            assertThat(outcome.err()).as(wrong).startsWith("spinbpf: ");
        }
    }
}
