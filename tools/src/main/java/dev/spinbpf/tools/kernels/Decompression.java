package dev.spinbpf.tools.kernels;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdDecompressor;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;

/** Decompresses what kernels and packages are compressed with. Sizes are bounded, whatever the compressed data says. */
final class Decompression {
    /** Most bytes of a decompressed kernel. */
    static final int MOST_BYTES = 512 << 20;

    private static final int MOST_MEMORY_KIB = 256 << 10;
    private static final int LZ4_LEGACY_MAGIC = 0x184c2102;
    private static final int LZ4_MOST_BLOCK_BYTES = 8 << 20;
    private static final int ZSTD_WINDOW = 5;
    private static final int ZSTD_SINGLE_SEGMENT = 0x20;
    /** Window descriptor of 8 MiB, the most that the library takes; it needs none where it has the whole output. */
    private static final byte ZSTD_MOST_WINDOW = 13 << 3;

    private static final byte[] GZIP = {0x1f, (byte) 0x8b};
    private static final byte[] XZ = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};
    private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    private static final byte[] LZ4 = {0x02, 0x21, 0x4c, 0x18};
    private static final byte[] BZIP2 = {'B', 'Z', 'h'};
    private static final byte[] LZMA = {0x5d, 0, 0};

    private Decompression() {}

    /** Returns whether the bytes begin like something that is decompressed here. */
    static boolean isCompressed(byte[] bytes) {
        return begins(bytes, GZIP)
                || begins(bytes, XZ)
                || begins(bytes, ZSTD)
                || begins(bytes, LZ4)
                || begins(bytes, BZIP2);
    }

    private static boolean begins(byte[] bytes, byte[] magic) {
        return bytes.length >= magic.length && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }

    /** A stream of the decompressed data of an archive's member. */
    static InputStream stream(InputStream in, String suffix) throws IOException {
        return switch (suffix) {
            case "" -> in;
            case ".gz" -> new GZIPInputStream(in);
            case ".xz" -> new XZInputStream(in, MOST_MEMORY_KIB);
            case ".zst" -> new ZstdInputStream(in);
            case ".bz2" -> new BZip2CompressorInputStream(in, true);
            default -> throw new IOException("is compressed in a way that is not known: data.tar" + suffix);
        };
    }

    /**
     * The decompressed bytes of a kernel.
     *
     * @param bytes the compressed kernel; its size, four bytes, may follow it
     */
    static byte[] kernel(byte[] bytes) throws IOException {
        if (begins(bytes, ZSTD)) {
            return zstd(bytes);
        }
        try (InputStream in = kernelStream(bytes)) {
            return atMost(in);
        }
    }

    private static InputStream kernelStream(byte[] bytes) throws IOException {
        InputStream in = new ByteArrayInputStream(bytes);
        if (begins(bytes, GZIP)) {
            return new GZIPInputStream(in);
        }
        if (begins(bytes, XZ)) {
            return new XZInputStream(in, MOST_MEMORY_KIB);
        }
        if (begins(bytes, LZ4)) {
            return lz4(bytes);
        }
        if (begins(bytes, BZIP2)) {
            return new BZip2CompressorInputStream(in);
        }
        if (begins(bytes, LZMA)) {
            return new LZMAInputStream(in, MOST_MEMORY_KIB);
        }
        throw new IOException("the kernel in it is compressed in a way that is not known");
    }

    private static byte[] atMost(InputStream in) throws IOException {
        byte[] all = in.readNBytes(MOST_BYTES + 1);
        if (all.length > MOST_BYTES) {
            throw new IOException("decompresses to more than " + MOST_BYTES + " bytes");
        }
        return all;
    }

    /** Kernels use windows larger than the library keeps, so all is decompressed at once, into memory of the size at the end. */
    private static byte[] zstd(byte[] bytes) throws IOException {
        if (bytes.length < 2 * Long.BYTES) {
            throw new IOException("the kernel in it is cut off");
        }
        long size = Integer.toUnsignedLong(
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - Integer.BYTES));
        if (size > MOST_BYTES) {
            throw new IOException("decompresses to " + size + " bytes, more than " + MOST_BYTES);
        }
        byte[] frame = Arrays.copyOf(bytes, bytes.length - Integer.BYTES);
        boolean hasWindow = (frame[ZSTD.length] & ZSTD_SINGLE_SEGMENT) == 0;
        if (hasWindow && (frame[ZSTD_WINDOW] & 0xff) > ZSTD_MOST_WINDOW) {
            frame[ZSTD_WINDOW] = ZSTD_MOST_WINDOW;
        }
        byte[] output = new byte[(int) size];
        try {
            int got = new ZstdDecompressor().decompress(frame, 0, frame.length, output, 0, output.length);
            return Arrays.copyOf(output, got);
        } catch (MalformedInputException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("the kernel in it is damaged: " + e.getMessage(), e);
        }
    }

    /** The form that kernels use: blocks of at most 8 MiB, each after its size. */
    private static InputStream lz4(byte[] bytes) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(Integer.BYTES);
        List<InputStream> blocks = new ArrayList<>();
        while (in.remaining() > Integer.BYTES) {
            int size = in.getInt();
            if (size == LZ4_LEGACY_MAGIC) {
                continue;
            }
            if (size <= 0 || size > in.remaining() || size > 2 * LZ4_MOST_BLOCK_BYTES) {
                break;
            }
            blocks.add(new BlockLZ4CompressorInputStream(new ByteArrayInputStream(bytes, in.position(), size)));
            in.position(in.position() + size);
        }
        return new SequenceInputStream(Collections.enumeration(blocks));
    }
}
