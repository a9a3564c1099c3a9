package dev.spinbpf.tools.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SnapshotDirectoryTest {
    @TempDir
    private Path directory;

    /** Stops a writer at a step. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    static MapDef def(MapType type, String name, int keySize, int valueSize, long entries) {
        return MapDef.builder(name, type)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(entries)
                .build();
    }

    private static MapSnapshot withValue(int value) {
        MapSnapshot.Element element = new MapSnapshot.Element(new byte[] {1, 0, 0, 0}, new byte[] {(byte) value, 0});
        return new MapSnapshot(
                2,
                List.of(new MapSnapshot.SavedMap(def(MapType.HASH, "counts", 4, 2, 8), Btf.EMPTY, List.of(element))));
    }

    private static int valueOf(MapSnapshot snapshot) {
        return snapshot.maps().getFirst().elements().getFirst().value()[0];
    }

    private void save(int value) throws SnapshotException {
        try (SnapshotDirectory open = SnapshotDirectory.open(directory)) {
            open.write(withValue(value));
        }
    }

    @Test
    void shouldReadWhatWasWritten() throws Exception {
        save(5);
        MapSnapshot read = SnapshotDirectory.read(directory);
        assertThat(read.cpus()).isEqualTo(2);
        MapSnapshot.SavedMap map = read.maps().getFirst();
        assertThat(map.def()).isEqualTo(def(MapType.HASH, "counts", 4, 2, 8));
        assertThat(map.elements().getFirst().key()).containsExactly(1, 0, 0, 0);
        assertThat(map.elements().getFirst().value()).containsExactly(5, 0);
    }

    @ParameterizedTest
    @EnumSource(SnapshotDirectory.Step.class)
    void shouldHoldTheOldOrTheNewMapsWhereverTheWriterStops(SnapshotDirectory.Step last) throws Exception {
        save(1);
        try (SnapshotDirectory open = SnapshotDirectory.open(directory)) {
            assertThatThrownBy(() -> open.write(withValue(2), step -> {
                        if (step == last) {
                            throw new Stopped();
                        }
                    }))
                    .isInstanceOf(Stopped.class);
        }
        boolean renamed = last.compareTo(SnapshotDirectory.Step.RENAMED) >= 0;
        assertThat(valueOf(SnapshotDirectory.read(directory))).isEqualTo(renamed ? 2 : 1);
        save(3);
        assertThat(valueOf(SnapshotDirectory.read(directory))).isEqualTo(3);
    }

    @Test
    void shouldHaveNoMapsWhereTheFirstWriterStops() throws Exception {
        try (SnapshotDirectory open = SnapshotDirectory.open(directory)) {
            assertThatThrownBy(() -> open.write(withValue(2), step -> {
                        if (step == SnapshotDirectory.Step.HALF_WRITTEN) {
                            throw new Stopped();
                        }
                    }))
                    .isInstanceOf(Stopped.class);
        }
        assertThat(SnapshotDirectory.hasSnapshot(directory)).isFalse();
        assertThatThrownBy(() -> SnapshotDirectory.read(directory))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("has no snapshot of maps");
    }

    @Test
    void shouldLetOneWriterInAtATime() throws Exception {
        try (SnapshotDirectory open = SnapshotDirectory.open(directory)) {
            assertThatThrownBy(() -> SnapshotDirectory.open(directory, 0))
                    .isInstanceOf(SnapshotException.class)
                    .hasMessageContaining("another spinbpf is changing the maps");
            open.write(withValue(1));
        }
        save(2);
        assertThat(valueOf(SnapshotDirectory.read(directory))).isEqualTo(2);
    }

    @Test
    void shouldNoticeEachChangedByteAndEachCut() throws Exception {
        byte[] bytes = SnapshotWriter.write(withValue(5));
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 0x10;
            assertThatThrownBy(() -> SnapshotReader.read("file", changed))
                    .as("byte %d", i)
                    .isInstanceOf(SnapshotException.class)
                    .hasMessageStartingWith("file: ");
            byte[] cut = Arrays.copyOf(bytes, i);
            assertThatThrownBy(() -> SnapshotReader.read("file", cut))
                    .as("%d bytes", i)
                    .isInstanceOf(SnapshotException.class);
        }
    }

    /** A checksum keeps accidents out; a file made on purpose has the right one. */
    @Test
    void shouldRefuseOrReadAnyBodyWithARightChecksum() throws Exception {
        byte[] bytes = SnapshotWriter.write(withValue(5));
        SplittableRandom random = new SplittableRandom(4);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] changed = bytes.clone();
            for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
                int at = random.nextInt(SnapshotWriter.HEADER_BYTES, changed.length);
                changed[at] = (byte) random.nextInt();
            }
            CRC32C sum = new CRC32C();
            sum.update(changed, SnapshotWriter.HEADER_BYTES, changed.length - SnapshotWriter.HEADER_BYTES);
            ByteBuffer.wrap(changed).putInt(12, (int) sum.getValue());
            refused += isRefused(changed) ? 1 : 0;
        }
        assertThat(refused).isBetween(200, 999);
    }

    private static boolean isRefused(byte[] bytes) {
        try (LiveMaps live = LiveMaps.of(SnapshotReader.read("file", bytes), 1 << 20)) {
            return live.maps().isEmpty();
        } catch (SnapshotException e) {
            assertThat(e).hasMessageNotContaining("null");
            return true;
        }
    }

    @Test
    void shouldNotReadAFileThatIsTooLargeOrOfAnotherVersion() throws Exception {
        byte[] bytes = SnapshotWriter.write(withValue(5));
        bytes[11] = 9;
        assertThatThrownBy(() -> SnapshotReader.read("file", bytes))
                .hasMessage("file: is of version 9; version 1 is read");
        assertThatThrownBy(() -> SnapshotReader.read("file", new byte[100])).hasMessage("file: is no snapshot of maps");
        Path file = directory.resolve(SnapshotDirectory.FILE);
        try (var channel = java.nio.channels.FileChannel.open(
                file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), SnapshotDirectory.MOST_BYTES);
        }
        assertThatThrownBy(() -> SnapshotDirectory.read(directory)).hasMessageContaining("bytes; at most");
        Files.delete(file);
    }
}
