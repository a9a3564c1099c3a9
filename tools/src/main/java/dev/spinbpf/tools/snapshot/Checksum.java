package dev.spinbpf.tools.snapshot;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C, by which files that are damaged are known. */
public final class Checksum {
    private Checksum() {}

    /** Returns the checksum of bytes. */
    public static int of(byte[] bytes) {
        return of(ByteBuffer.wrap(bytes));
    }

    /** Returns the checksum of what is left in a buffer, which stays where it is. */
    static int of(ByteBuffer bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes.duplicate());
        return (int) sum.getValue();
    }
}
