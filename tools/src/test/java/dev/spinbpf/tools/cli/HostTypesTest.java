package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.btf.BtfWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host's types, read before they are asked for. */
class HostTypesTest {
    @TempDir
    private Path directory;

    @Test
    void shouldReadAheadForVerifyWithoutAnotherKernelOnly() {
        assertThat(HostTypes.wants("verify", "a.bpf.o")).isTrue();
        assertThat(HostTypes.wants("verify", "--cpus", "2", "a.bpf.o")).isTrue();
        assertThat(HostTypes.wants("verify")).isFalse();
        assertThat(HostTypes.wants("run", "a.bpf.o")).isFalse();
        assertThat(HostTypes.wants("verify", "--kernel", "7.3", "a.bpf.o")).isFalse();
        assertThat(HostTypes.wants("verify", "--kernel=7.3", "a.bpf.o")).isFalse();
        assertThat(HostTypes.wants("verify", "--btf", "none", "a.bpf.o")).isFalse();
    }

    @Test
    void shouldGiveTheTypesThatWereReadAhead() throws IOException, InputException {
        Path file = types("begun", "task");
        HostTypes.begin(() -> Optional.of(file));
        Btf read = HostTypes.read(file);
        assertThat(read.find("task", BtfType.Int.class)).isEqualTo(1);
        Files.delete(file);
        assertThat(HostTypes.read(file)).isSameAs(read);
    }

    @Test
    void shouldReadAnotherFileItself() throws IOException, InputException {
        Path begun = types("begun", "task");
        HostTypes.begin(() -> Optional.of(begun));
        assertThat(HostTypes.read(types("other", "file")).find("file", BtfType.Int.class))
                .isEqualTo(1);
        assertThat(HostTypes.read(null)).isSameAs(Btf.EMPTY);
        HostTypes.begin(Optional::empty);
        assertThat(HostTypes.read(begun).find("task", BtfType.Int.class)).isEqualTo(1);
    }

    @Test
    void shouldRefuseTypesThatAreBrokenInTheSameWords() throws IOException {
        Path file = Files.write(directory.resolve("broken"), new byte[30]);
        String message = assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> InputFiles.kernelTypes(file))
                .actual()
                .getMessage();
        HostTypes.begin(() -> Optional.of(file));
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> HostTypes.read(file))
                .withMessage(message);
    }

    private Path types(String name, String type) throws IOException {
        Btf types = new Btf(List.of(new BtfType.Void(), new BtfType.Int(type, 4, 32, 0, false, false, false)));
        return Files.write(directory.resolve(name), BtfWriter.write(types));
    }
}
