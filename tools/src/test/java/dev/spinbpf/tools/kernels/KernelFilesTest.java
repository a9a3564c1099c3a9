package dev.spinbpf.tools.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.elf.ObjectReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Files of kernels, made up of an object that has types, as a kernel has. */
class KernelFilesTest {
    private static final Path SAMPLE =
            Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", "balanced.bpf.o");
    private static final String CONFIG = "#\n# Linux/x86 7.3.4-made Kernel Configuration\n#\nCONFIG_BPF=y\n";
    private static final String RELEASE = "7.3.4-made";

    @TempDir
    private Path directory;

    private byte[] elf = {};
    private byte[] types = {};

    @BeforeEach
    void read() throws Exception {
        elf = Files.readAllBytes(SAMPLE);
        types = ObjectReader.rawTypes("sample", elf);
    }

    /** Writes compressed bytes. */
    private interface Compressor {
        OutputStream to(OutputStream out) throws IOException;
    }

    private static byte[] compressed(byte[] bytes, Compressor compressor) throws IOException {
        var out = new ByteArrayOutputStream();
        try (OutputStream to = compressor.to(out)) {
            to.write(bytes);
        }
        return out.toByteArray();
    }

    private static OutputStream xz(OutputStream out) throws IOException {
        return new XZOutputStream(out, new LZMA2Options(0));
    }

    /** A boot image of x86 with that payload, of the release {@link #RELEASE}. */
    private static byte[] bootImage(byte[] payload) {
        ByteBuffer image = ByteBuffer.allocate(1024 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 1);
        image.putShort(0x1fe, (short) 0xaa55).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
        image.putShort(0x20e, (short) 0x100).putInt(0x248, 0).putInt(0x24c, payload.length);
        image.put(0x300, (RELEASE + " (builder) #1").getBytes(StandardCharsets.US_ASCII));
        image.put(1024, payload);
        return image.array();
    }

    private byte[] debianPackage(byte[] kernel) throws IOException {
        var tarBytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(tarBytes)) {
            add(tar, "./usr/share/doc/copyright", new byte[10]);
            add(tar, "./boot/vmlinuz-" + RELEASE, kernel);
            add(tar, "./boot/config-" + RELEASE, CONFIG.getBytes(StandardCharsets.UTF_8));
        }
        var packageBytes = new ByteArrayOutputStream();
        try (var ar = new ArArchiveOutputStream(packageBytes)) {
            add(ar, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
            add(ar, "data.tar.xz", compressed(tarBytes.toByteArray(), KernelFilesTest::xz));
        }
        return packageBytes.toByteArray();
    }

    private static void add(TarArchiveOutputStream tar, String name, byte[] bytes) throws IOException {
        var entry = new TarArchiveEntry(name);
        entry.setSize(bytes.length);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    private static void add(ArArchiveOutputStream ar, String name, byte[] bytes) throws IOException {
        ar.putArchiveEntry(new ArArchiveEntry(name, bytes.length));
        ar.write(bytes);
        ar.closeArchiveEntry();
    }

    private KernelParts parts(byte[] bytes) throws Exception {
        return KernelFiles.read(Files.write(directory.resolve("file"), bytes));
    }

    @Test
    void shouldFindTypesInWhateverHoldsThem() throws Exception {
        byte[] gzipped = compressed(elf, GZIPOutputStream::new);
        for (byte[] file :
                List.of(elf, types, gzipped, bootImage(gzipped), bootImage(compressed(elf, KernelFilesTest::xz)))) {
            assertThat(parts(file).types()).isEqualTo(types);
        }
        assertThat(parts(bootImage(gzipped)).release()).isEqualTo(RELEASE);
    }

    @Test
    void shouldFindAllOfAPackage() throws Exception {
        KernelParts parts = parts(debianPackage(bootImage(compressed(elf, GZIPOutputStream::new))));
        assertThat(parts.release()).isEqualTo(RELEASE);
        assertThat(parts.types()).isEqualTo(types);
        assertThat(parts.config()).asString(StandardCharsets.UTF_8).isEqualTo(CONFIG);
    }

    @Test
    void shouldReadTheReleaseOfAConfiguration() throws Exception {
        KernelParts parts = parts(CONFIG.getBytes(StandardCharsets.UTF_8));
        assertThat(parts.release()).isEqualTo(RELEASE);
        assertThat(parts.types()).isNull();
    }

    @Test
    void shouldRefuseWhatIsNoKernel() {
        assertThatThrownBy(() -> parts(new byte[0])).hasMessageContaining("has no types (BTF) and no configuration");
        assertThatThrownBy(() -> KernelFiles.read(directory.resolve("nothing"))).hasMessageContaining("no such file");
        assertThatThrownBy(() -> parts("!<arch>\n".getBytes(StandardCharsets.US_ASCII)))
                .hasMessageContaining("it has no data.tar");
        byte[] cut = bootImage(elf);
        assertThatThrownBy(() -> parts(Arrays.copyOf(cut, cut.length - 1))).hasMessageContaining("is cut off");
    }

    @Test
    void shouldRefuseSizesThatOnlyHeadersClaim() {
        byte[] zstd = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 4, (byte) 0x88, 0, 0, 0, 0, 0, 0, -1, -1, -1, 127};
        assertThatThrownBy(() -> parts(bootImage(zstd))).hasMessageContaining("more than 536870912");
    }

    @Test
    void shouldSurviveDamage() throws Exception {
        byte[] good = debianPackage(bootImage(compressed(elf, GZIPOutputStream::new)));
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] bad = good.clone();
            for (int n = 0; n < 3; n++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(parts(bad)).isNotNull();
            } catch (KernelFileException e) {
                assertThat(e).hasMessageContaining("file");
            }
        }
    }

    @Test
    void shouldKeepKernelsAndFindThemByVersion() throws Exception {
        var store = new KernelStore(directory.resolve("kernels"));
        assertThat(store.list()).isEmpty();
        store.add("7.3.4-made", new KernelParts(null, types, null));
        store.add("7.3.4-made", new KernelParts(null, null, new byte[] {1}));
        store.add("7.3.10-made", new KernelParts(null, types, null));
        store.add("7.30.1", new KernelParts(null, types, null));
        assertThat(store.list())
                .extracting(KernelStore.Imported::release)
                .containsExactly("7.3.4-made", "7.3.10-made", "7.30.1");
        assertThat(store.find("7.3")).map(KernelStore.Imported::release).contains("7.3.10-made");
        assertThat(store.find("7.3.4")).map(KernelStore.Imported::release).contains("7.3.4-made");
        assertThat(store.find("7.3.1")).isEmpty();
        assertThat(store.remove("7.3.4-made")).isTrue();
        assertThat(store.remove("..")).isFalse();
        assertThat(store.list()).hasSize(2);
        assertThatThrownBy(() -> store.add("../x", new KernelParts(null, types, null)))
                .hasMessageContaining("is no release of Linux");
    }
}
