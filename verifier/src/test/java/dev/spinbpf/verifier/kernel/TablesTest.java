package dev.spinbpf.verifier.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.List;
import org.junit.jupiter.api.Test;

class TablesTest {
    private static List<String> names(String version) {
        return Tables.rows("versions_test.tsv", KernelVersion.parse(version)).stream()
                .map(row -> String.join(" ", row))
                .toList();
    }

    @Test
    void rowsHoldSinceAndUntilVersions() {
        assertThat(names("7.1")).containsExactly("always a", "old b");
        assertThat(names("7.2")).containsExactly("always a", "old b", "middle c");
        assertThat(names("7.3")).containsExactly("always a", "middle c");
        assertThat(names("7.10")).containsExactly("always a");
    }

    @Test
    void unknownAttributesAreRefused() {
        assertThatThrownBy(() -> Tables.rows("versions_bad_test.tsv", new KernelVersion(7, 2, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("@sinec=7.3");
    }
}
