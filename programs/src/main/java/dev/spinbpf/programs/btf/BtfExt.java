package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.List;

/**
 * The {@code .BTF.ext} section of an object: what types its functions have, which source lines its instructions come
 * from, and which of them are to be relocated against the kernel's types. Instruction offsets are in bytes within the
 * named section of code.
 *
 * @param functions types of functions
 * @param lines source lines
 * @param relocations CO-RE relocations
 * @see <a href="https://docs.kernel.org/bpf/btf.html">BPF Type Format, section 4.2</a>
 */
public record BtfExt(List<Func> functions, List<Line> lines, List<CoreRelo> relocations) {
    /** Nothing known. */
    public static final BtfExt EMPTY = new BtfExt(List.of(), List.of(), List.of());

    private static final int MAGIC_SWAPPED = 0x9feb;
    private static final int MIN_HEADER_BYTES = 24;
    private static final int HEADER_BYTES_WITH_RELOCATIONS = 32;

    /**
     * The type of the function that starts at an instruction.
     *
     * @param section name of the section of code
     * @param insnOffset offset in bytes, unsigned
     * @param typeId id of its FUNC type; not checked
     */
    public record Func(String section, long insnOffset, int typeId) {}

    /**
     * The source of the instructions from one on.
     *
     * @param fileOffset the file's name, in the string section; not checked
     * @param textOffset the source line, in the string section; not checked
     */
    public record Line(String section, long insnOffset, int fileOffset, int textOffset, int line, int column) {}

    /**
     * An instruction to relocate.
     *
     * @param typeId the type that the access starts from; not checked
     * @param access path to the field ({@code 0:1:2}), value of an enum, or {@code 0}
     * @param kind number in {@code enum bpf_core_relo_kind}
     */
    public record CoreRelo(String section, long insnOffset, int typeId, String access, int kind) {}

    /** Reads a section; {@code strings} are those of the object's {@code .BTF}. */
    public static BtfExt read(byte[] bytes, BtfStrings strings) throws BtfFormatException {
        return new Reader(bytes, strings).read();
    }

    private static final class Reader {
        private final byte[] bytes;
        private final BtfStrings strings;

        Reader(byte[] bytes, BtfStrings strings) {
            this.bytes = bytes;
            this.strings = strings;
        }

        BtfExt read() throws BtfFormatException {
            if (bytes.length < MIN_HEADER_BYTES) {
                throw bad(0, "header needs " + MIN_HEADER_BYTES + " bytes, the section has " + bytes.length);
            }
            int magic = at(0) & 0xffff;
            if (magic == MAGIC_SWAPPED) {
                throw bad(0, "big-endian BTF is not supported");
            }
            if (magic != BtfReader.MAGIC) {
                throw bad(0, "magic is 0x" + Integer.toHexString(magic) + ", expected 0xeb9f");
            }
            if (bytes[2] != 1) {
                throw bad(2, "version " + bytes[2] + " is not supported");
            }
            if (bytes[3] != 0) {
                throw bad(3, "flags 0x" + Integer.toHexString(bytes[3] & 0xff) + " are not supported");
            }
            long headerBytes = unsigned(4);
            if (headerBytes < MIN_HEADER_BYTES || headerBytes > bytes.length) {
                throw bad(4, "header length " + headerBytes + " is not within the section");
            }
            List<Func> functions = new ArrayList<>();
            List<Line> lines = new ArrayList<>();
            List<CoreRelo> relocations = new ArrayList<>();
            records(headerBytes, 8, 8, (section, at) -> functions.add(new Func(section, unsigned(at), at(at + 4))));
            records(headerBytes, 16, 16, (section, at) -> {
                int lineAndColumn = at(at + 12);
                lines.add(new Line(
                        section, unsigned(at), at(at + 4), at(at + 8), lineAndColumn >>> 10, lineAndColumn & 0x3ff));
            });
            if (headerBytes >= HEADER_BYTES_WITH_RELOCATIONS) {
                records(headerBytes, 24, 16, (section, at) -> {
                    String access = strings.at(at(at + 8));
                    if (access == null) {
                        throw bad(at + 8L, "access string at " + unsigned(at + 8) + " is outside of the BTF strings");
                    }
                    relocations.add(new CoreRelo(section, unsigned(at), at(at + 4), access, at(at + 12)));
                });
            }
            return new BtfExt(List.copyOf(functions), List.copyOf(lines), List.copyOf(relocations));
        }

        private interface RecordSink {
            void accept(String section, int at) throws BtfFormatException;
        }

        /** Walks the table whose offset and length are at a place of the header. */
        private void records(long headerBytes, int place, int minRecordBytes, RecordSink sink)
                throws BtfFormatException {
            long offset = unsigned(place);
            long length = unsigned(place + 4);
            if (length == 0) {
                return;
            }
            if (offset % 4 != 0) {
                throw bad(place, "table starts at " + offset + ", which is not a multiple of 4");
            }
            if (length < 4 || headerBytes + offset + length > bytes.length) {
                throw bad(place, "table at " + offset + "+" + length + " ends beyond the section");
            }
            int at = (int) (headerBytes + offset);
            int end = (int) (at + length);
            long recordBytes = unsigned(at);
            if (recordBytes < minRecordBytes || recordBytes % 4 != 0) {
                throw bad(at, "record size " + recordBytes + ", expected at least " + minRecordBytes);
            }
            at += 4;
            while (at < end) {
                if (end - at < 8) {
                    throw bad(at, "table is cut short");
                }
                long count = unsigned(at + 4);
                if (count == 0 || count * recordBytes > end - at - 8) {
                    throw bad(at + 4L, count + " records of " + recordBytes + " bytes do not fit into the table");
                }
                String section = strings.at(at(at));
                if (section == null) {
                    throw bad(at, "section name at " + unsigned(at) + " is outside of the BTF strings");
                }
                at += 8;
                for (long i = 0; i < count; i++) {
                    sink.accept(section, at);
                    at += (int) recordBytes;
                }
            }
        }

        private int at(int offset) {
            return BtfImage.intAt(bytes, offset);
        }

        private long unsigned(int offset) {
            return Integer.toUnsignedLong(at(offset));
        }

        private static BtfFormatException bad(long offset, String reason) {
            return new BtfFormatException(offset, reason);
        }
    }
}
