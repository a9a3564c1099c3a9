package dev.spinbpf.tools.workload;

import dev.spinbpf.vm.context.ContextArea;
import dev.spinbpf.vm.stress.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the packets of a capture file in the classic pcap format, in either byte order, with microseconds or nanoseconds.
 *
 * <p>The file is a header of 24 bytes (magic number, version, link type in the lowest 16 bits of the last word), then for
 * each packet four words: seconds, fraction, bytes captured, bytes on the wire; then the bytes captured. Times are not
 * used.
 *
 * @see <a href="https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html">PCAP Capture File Format</a>
 */
final class PcapReader {
    private static final int MICROSECONDS = 0xa1b2c3d4;
    private static final int NANOSECONDS = 0xa1b23c4d;
    private static final int PCAPNG = 0x0a0d0d0a;
    private static final int HEADER_BYTES = 24;
    private static final int LINK_TYPE_OFFSET = 20;
    private static final int RECORD_BYTES = 16;
    private static final int CAPTURED_OFFSET = 8;
    private static final int ETHERNET = 1;
    private static final int LEAST_PACKET = 14;

    private PcapReader() {}

    /** Thrown when a file is no capture that can be used; the message says what is wrong, and what helps. */
    static final class BadCaptureException extends Exception {
        private static final long serialVersionUID = 1L;

        BadCaptureException(String message) {
            super(message);
        }
    }

    /**
     * The packets of a capture.
     *
     * @param most how many there may be
     */
    static List<ByteString> read(byte[] file, int most) throws BadCaptureException {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(order(file));
        if (file.length < HEADER_BYTES) {
            throw new BadCaptureException("expected a header of 24 bytes, found " + file.length + " bytes");
        }
        int linkType = bytes.getInt(LINK_TYPE_OFFSET) & 0xffff;
        if (linkType != ETHERNET) {
            throw new BadCaptureException("expected packets of link type 1 (Ethernet), found link type " + linkType
                    + "; capture on an Ethernet interface");
        }
        List<ByteString> packets = new ArrayList<>();
        int at = HEADER_BYTES;
        while (at < file.length) {
            String name = "packet " + (packets.size() + 1) + " at offset " + at;
            if (packets.size() == most) {
                throw new BadCaptureException("has more than " + most + " packets, the most that are read;"
                        + " take the first with: editcap -r IN OUT 1-" + most);
            }
            int length = length(bytes, at, name);
            at += RECORD_BYTES;
            packets.add(ByteString.of(Arrays.copyOfRange(file, at, at + length)));
            at += length;
        }
        if (packets.isEmpty()) {
            throw new BadCaptureException("has no packets");
        }
        return packets;
    }

    private static ByteOrder order(byte[] file) throws BadCaptureException {
        int magic = file.length < Integer.BYTES ? 0 : ByteBuffer.wrap(file).getInt();
        if (magic == PCAPNG) {
            throw new BadCaptureException(
                    "is a pcapng file; expected classic pcap. Convert it: editcap -F pcap IN.pcapng OUT.pcap");
        }
        if (magic == MICROSECONDS || magic == NANOSECONDS) {
            return ByteOrder.BIG_ENDIAN;
        }
        int reversed = Integer.reverseBytes(magic);
        if (reversed == MICROSECONDS || reversed == NANOSECONDS) {
            return ByteOrder.LITTLE_ENDIAN;
        }
        throw new BadCaptureException("is no pcap file: expected it to begin with a1b2c3d4 or a1b23c4d in either byte"
                + " order, found " + String.format("%08x", magic));
    }

    private static int length(ByteBuffer bytes, int at, String name) throws BadCaptureException {
        int left = bytes.limit() - at - RECORD_BYTES;
        if (left < 0) {
            throw new BadCaptureException(name + ": the file ends within its header");
        }
        long captured = bytes.getInt(at + CAPTURED_OFFSET) & 0xffff_ffffL;
        if (captured < LEAST_PACKET || captured > ContextArea.MAX_PACKET) {
            throw new BadCaptureException(name + ": expected " + LEAST_PACKET + " to " + ContextArea.MAX_PACKET
                    + " bytes, found " + captured);
        }
        if (captured > left) {
            throw new BadCaptureException(name + ": has " + captured + " bytes, but the file ends after " + left);
        }
        return (int) captured;
    }
}
