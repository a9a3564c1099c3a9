package dev.spinbpf.tools.kernels;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.model.MalformedObjectException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the types, the configuration and the release of a kernel in the files that distributions give away: a Debian package,
 * a {@code vmlinuz}, a {@code vmlinux}, types alone, a configuration alone.
 *
 * <p>What a file is, its first bytes say. Sizes are bounded, whatever archives and headers claim: a file is at most {@link
 * #MOST_FILE_BYTES}, a member of an archive at most {@link Decompression#MOST_BYTES}, all that is unpacked of an archive
 * {@link #MOST_UNPACKED_BYTES}.
 */
public final class KernelFiles {
    private static final long MOST_FILE_BYTES = 1L << 30;
    private static final long MOST_UNPACKED_BYTES = 8L << 30;
    private static final int MOST_CONFIG_BYTES = 8 << 20;

    private static final byte[] ARCHIVE = "!<arch>\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};
    private static final byte[] CONFIG_START = "IKCFG_ST".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VERSION = "Linux version ".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern RELEASE = Pattern.compile("[0-9][0-9A-Za-z.+_~-]{0,127}");
    private static final Pattern CONFIG_TITLE = Pattern.compile("(?m)^# Linux/\\S+ (\\S+) Kernel Configuration$");
    private static final Pattern WANTED = Pattern.compile("(?:.*/)?(?:config(?:-.*)?|vmlinu[xz](?:-.*)?)");

    /** Of the header of the x86 boot protocol. */
    private static final int SETUP_SECTORS = 0x1f1;

    private static final int BOOT_FLAG = 0x1fe;
    private static final int HEADER_MAGIC = 0x202;
    private static final int BOOT_PROTOCOL = 0x206;
    private static final int KERNEL_VERSION = 0x20e;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int HEADER_END = 0x250;
    private static final int SECTOR_BYTES = 512;
    private static final int DEFAULT_SETUP_SECTORS = 4;
    private static final int HDRS = 0x53726448;
    private static final int FIRST_WITH_PAYLOAD = 0x208;

    private KernelFiles() {}

    /**
     * The parts that are in a file.
     *
     * @throws KernelFileException if there are none, or the file cannot be read
     */
    public static KernelParts read(Path file) throws KernelFileException {
        try {
            long size = Files.size(file);
            if (size > MOST_FILE_BYTES) {
                throw new KernelFileException(file + ": has " + size + " bytes, more than " + MOST_FILE_BYTES);
            }
            KernelParts parts;
            try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
                in.mark(ARCHIVE.length);
                boolean isArchive = Arrays.equals(in.readNBytes(ARCHIVE.length), ARCHIVE);
                in.reset();
                parts = isArchive ? ofPackage(in) : ofBytes(in.readAllBytes());
            }
            if (parts.isEmpty()) {
                throw new KernelFileException(file + ": has no types (BTF) and no configuration of a kernel");
            }
            return parts;
        } catch (NoSuchFileException e) {
            throw new KernelFileException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new KernelFileException(file + ": " + e.getMessage(), e);
        }
    }

    private static KernelParts ofPackage(InputStream in) throws IOException {
        var archive = new ArArchiveInputStream(in);
        for (ArArchiveEntry entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
            if (entry.getName().startsWith("data.tar")) {
                String suffix = entry.getName().substring("data.tar".length());
                return ofTar(new BoundedStream(Decompression.stream(archive, suffix), MOST_UNPACKED_BYTES));
            }
        }
        throw new IOException("is no Debian package: it has no data.tar");
    }

    private static KernelParts ofTar(InputStream in) throws IOException {
        KernelParts parts = KernelParts.NONE;
        var tar = new TarArchiveInputStream(in);
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (!entry.isFile() || !WANTED.matcher(entry.getName()).matches()) {
                continue;
            }
            byte[] bytes = tar.readNBytes(Decompression.MOST_BYTES + 1);
            if (bytes.length > Decompression.MOST_BYTES) {
                throw new IOException(entry.getName() + " has more than " + Decompression.MOST_BYTES + " bytes");
            }
            parts = parts.orElse(ofBytes(bytes));
        }
        return parts;
    }

    private static KernelParts ofBytes(byte[] bytes) throws IOException {
        if (begins(bytes, ELF)) {
            return ofElf(bytes);
        }
        if (isBootImage(bytes)) {
            return ofBootImage(bytes);
        }
        if (bytes.length > 1 && (bytes[0] & 0xff) == 0x9f && (bytes[1] & 0xff) == 0xeb) {
            return new KernelParts(null, types(bytes), null);
        }
        if (Decompression.isCompressed(bytes)) {
            return ofDecompressed(Decompression.kernel(bytes));
        }
        return ofConfig(bytes);
    }

    private static KernelParts ofDecompressed(byte[] bytes) throws IOException {
        return begins(bytes, ELF) ? ofElf(bytes) : ofConfig(bytes);
    }

    private static boolean begins(byte[] bytes, byte[] magic) {
        return bytes.length >= magic.length && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }

    private static KernelParts ofConfig(byte[] bytes) throws IOException {
        String text = new String(bytes, 0, Math.min(bytes.length, MOST_CONFIG_BYTES), StandardCharsets.UTF_8);
        if (bytes.length > MOST_CONFIG_BYTES || !text.contains("\nCONFIG_") && !text.startsWith("CONFIG_")) {
            return KernelParts.NONE;
        }
        Matcher title = CONFIG_TITLE.matcher(text);
        return new KernelParts(title.find() ? release(title.group(1)) : null, null, bytes);
    }

    private static @Nullable String release(String text) {
        Matcher matcher = RELEASE.matcher(text);
        return matcher.lookingAt() ? matcher.group() : null;
    }

    private static KernelParts ofElf(byte[] bytes) throws IOException {
        return new KernelParts(releaseIn(bytes), types(bytes), configIn(bytes));
    }

    /** The types in ELF or in a file of their own, checked; null if there are none. */
    private static byte @Nullable [] types(byte[] bytes) throws IOException {
        try {
            return ObjectReader.rawTypes("the kernel", bytes);
        } catch (MalformedObjectException e) {
            if (String.valueOf(e.getMessage()).contains("has no section")) {
                return null;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    private static @Nullable String releaseIn(byte[] bytes) {
        int at = indexOf(bytes, VERSION, 0);
        if (at < 0) {
            return null;
        }
        int start = at + VERSION.length;
        int length = Math.min(128, bytes.length - start);
        return release(new String(bytes, start, length, StandardCharsets.US_ASCII));
    }

    private static byte @Nullable [] configIn(byte[] bytes) throws IOException {
        int at = indexOf(bytes, CONFIG_START, 0);
        if (at < 0) {
            return null;
        }
        int start = at + CONFIG_START.length;
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes, start, bytes.length - start))) {
            byte[] config = in.readNBytes(MOST_CONFIG_BYTES);
            return ofConfig(config).config();
        } catch (IOException e) {
            return null; // the mark stands there, but no configuration after it
        }
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from) {
        for (int i = from; i <= bytes.length - wanted.length; i++) {
            if (bytes[i] == wanted[0] && Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isBootImage(byte[] bytes) {
        if (bytes.length < HEADER_END) {
            return false;
        }
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return (header.getShort(BOOT_FLAG) & 0xffff) == 0xaa55 && header.getInt(HEADER_MAGIC) == HDRS;
    }

    private static KernelParts ofBootImage(byte[] bytes) throws IOException {
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if ((header.getShort(BOOT_PROTOCOL) & 0xffff) < FIRST_WITH_PAYLOAD) {
            throw new IOException("is a kernel too old to say where its payload is");
        }
        int setup = header.get(SETUP_SECTORS) & 0xff;
        long start = (long) ((setup == 0 ? DEFAULT_SETUP_SECTORS : setup) + 1) * SECTOR_BYTES
                + Integer.toUnsignedLong(header.getInt(PAYLOAD_OFFSET));
        long end = start + Integer.toUnsignedLong(header.getInt(PAYLOAD_OFFSET + Integer.BYTES));
        if (end > bytes.length) {
            throw new IOException("is cut off: its kernel ends at byte " + end + " of " + bytes.length);
        }
        byte[] kernel = Decompression.kernel(Arrays.copyOfRange(bytes, (int) start, (int) end));
        int version = SECTOR_BYTES + (header.getShort(KERNEL_VERSION) & 0xffff);
        String release = version < bytes.length
                ? release(new String(bytes, version, Math.min(128, bytes.length - version), StandardCharsets.US_ASCII))
                : null;
        return new KernelParts(release, null, null).orElse(ofDecompressed(kernel));
    }
}
