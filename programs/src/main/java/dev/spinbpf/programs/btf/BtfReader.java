package dev.spinbpf.programs.btf;

import java.util.Arrays;

/**
 * Reads a {@code .BTF} section: header, types of all kinds, strings. Little-endian only. What is kept in memory is
 * bounded by the section's size: names are cut at {@link #MAX_NAME_BYTES}, since many may share one string.
 *
 * <p>Everything that a type refers to (other types, strings) is checked here, so that a {@link Btf} never fails later.
 * That types do not contain themselves is not checked; {@link Btf#resolve} and {@link Btf#sizeOf} stop by themselves.
 *
 * @see <a href="https://docs.kernel.org/bpf/btf.html">BPF Type Format</a>
 */
public final class BtfReader {
    /** First two bytes of BTF data, read as little-endian. */
    public static final int MAGIC = 0xeb9f;

    /** Longest name of a type, member, value or section that is kept whole; the kernel takes at most 511. */
    public static final int MAX_NAME_BYTES = 1024;

    private static final int MAGIC_SWAPPED = 0x9feb;
    private static final int VERSION = 1;
    private static final int MIN_HEADER_BYTES = 24;

    private final byte[] bytes;
    private int typesStart;
    private int typesEnd;
    private int stringsStart;
    private int stringsEnd;
    private int[] offsets = new int[64];
    private int count = 1;

    private BtfReader(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Reads types; the array must not change afterwards. */
    public static Btf read(byte[] bytes) throws BtfFormatException {
        return new Btf(new BtfReader(bytes).readTypes());
    }

    /** Reads types and strings; the array must not change afterwards. */
    public static BtfSection readSection(byte[] bytes) throws BtfFormatException {
        BtfImage image = new BtfReader(bytes).readTypes();
        return new BtfSection(new Btf(image), new BtfStrings(image));
    }

    private BtfImage readTypes() throws BtfFormatException {
        readHeader();
        int at = typesStart;
        while (at < typesEnd) {
            at = measure(at);
        }
        int[] exact = Arrays.copyOf(offsets, count);
        for (int id = 1; id < count; id++) {
            validate(id, exact[id]);
        }
        return new BtfImage(bytes, exact, stringsStart, stringsEnd);
    }

    private void readHeader() throws BtfFormatException {
        if (bytes.length < MIN_HEADER_BYTES) {
            throw bad(0, "BTF header needs " + MIN_HEADER_BYTES + " bytes, the section has " + bytes.length);
        }
        int magic = at(0) & 0xffff;
        if (magic == MAGIC_SWAPPED) {
            throw bad(0, "big-endian BTF is not supported");
        }
        if (magic != MAGIC) {
            throw bad(0, "BTF magic is 0x" + Integer.toHexString(magic) + ", expected 0xeb9f");
        }
        int version = bytes[2];
        if (version != VERSION) {
            throw bad(2, "BTF version " + version + " is not supported");
        }
        if (bytes[3] != 0) {
            throw bad(3, "BTF flags 0x" + Integer.toHexString(bytes[3] & 0xff) + " are not supported");
        }
        long headerBytes = Integer.toUnsignedLong(at(4));
        if (headerBytes < MIN_HEADER_BYTES || headerBytes > bytes.length) {
            throw bad(
                    4, "BTF header length " + headerBytes + " is not within the section of " + bytes.length + " bytes");
        }
        long typeOffset = Integer.toUnsignedLong(at(8));
        long typeBytes = Integer.toUnsignedLong(at(12));
        long stringOffset = Integer.toUnsignedLong(at(16));
        long stringBytes = Integer.toUnsignedLong(at(20));
        if (typeOffset % 4 != 0) {
            throw bad(8, "BTF types start at " + typeOffset + ", which is not a multiple of 4");
        }
        if (typeOffset + typeBytes > stringOffset) {
            throw bad(12, "BTF types at " + typeOffset + "+" + typeBytes + " overlap the strings at " + stringOffset);
        }
        if (headerBytes + stringOffset + stringBytes > bytes.length) {
            throw bad(20, "BTF strings at " + stringOffset + "+" + stringBytes + " end beyond the section");
        }
        typesStart = (int) (headerBytes + typeOffset);
        typesEnd = (int) (typesStart + typeBytes);
        stringsStart = (int) (headerBytes + stringOffset);
        stringsEnd = (int) (stringsStart + stringBytes);
        if (stringsEnd == stringsStart || bytes[stringsStart] != 0 || bytes[stringsEnd - 1] != 0) {
            throw bad(stringsStart, "BTF strings must begin and end with a zero byte");
        }
    }

    /** Notes where a type starts and returns where the next one does. */
    private int measure(int start) throws BtfFormatException {
        if (typesEnd - start < BtfImage.HEADER_BYTES) {
            throw bad(start, "type [" + count + "] is cut short");
        }
        int info = at(start + 4);
        long vlen = BtfImage.vlen(info);
        long rest =
                switch (BtfImage.kind(info)) {
                    case BtfImage.KIND_PTR,
                            BtfImage.KIND_FWD,
                            BtfImage.KIND_TYPEDEF,
                            BtfImage.KIND_VOLATILE,
                            BtfImage.KIND_CONST,
                            BtfImage.KIND_RESTRICT,
                            BtfImage.KIND_FUNC,
                            BtfImage.KIND_FLOAT,
                            BtfImage.KIND_TYPE_TAG -> 0;
                    case BtfImage.KIND_INT, BtfImage.KIND_VAR, BtfImage.KIND_DECL_TAG -> 4;
                    case BtfImage.KIND_ARRAY -> 12;
                    case BtfImage.KIND_ENUM, BtfImage.KIND_FUNC_PROTO -> 8 * vlen;
                    case BtfImage.KIND_STRUCT, BtfImage.KIND_UNION, BtfImage.KIND_DATASEC, BtfImage.KIND_ENUM64 ->
                        12 * vlen;
                    default ->
                        throw bad(start, "type [" + count + "] has kind " + BtfImage.kind(info) + ", which is unknown");
                };
        if (rest > typesEnd - start - BtfImage.HEADER_BYTES) {
            throw bad(start, "type [" + count + "] has " + vlen + " entries, which end beyond the types");
        }
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
        }
        offsets[count++] = start;
        return (int) (start + BtfImage.HEADER_BYTES + rest);
    }

    private void validate(int id, int start) throws BtfFormatException {
        int info = at(start + 4);
        int vlen = BtfImage.vlen(info);
        int rest = start + BtfImage.HEADER_BYTES;
        checkString(id, start);
        switch (BtfImage.kind(info)) {
            case BtfImage.KIND_PTR,
                    BtfImage.KIND_TYPEDEF,
                    BtfImage.KIND_VOLATILE,
                    BtfImage.KIND_CONST,
                    BtfImage.KIND_RESTRICT,
                    BtfImage.KIND_VAR,
                    BtfImage.KIND_DECL_TAG,
                    BtfImage.KIND_TYPE_TAG -> checkType(id, start + 8);
            case BtfImage.KIND_FUNC -> {
                checkType(id, start + 8);
                int proto = at(start + 8);
                if (proto == 0 || BtfImage.kind(at(offsets[proto] + 4)) != BtfImage.KIND_FUNC_PROTO) {
                    throw bad(start, "type [" + id + "]: type [" + proto + "] is not a function prototype");
                }
            }
            case BtfImage.KIND_ARRAY -> {
                checkType(id, rest);
                checkType(id, rest + 4);
            }
            case BtfImage.KIND_STRUCT, BtfImage.KIND_UNION -> checkEntries(id, rest, vlen, 12, true);
            case BtfImage.KIND_ENUM -> checkEntries(id, rest, vlen, 8, false);
            case BtfImage.KIND_ENUM64 -> checkEntries(id, rest, vlen, 12, false);
            case BtfImage.KIND_FUNC_PROTO -> {
                checkType(id, start + 8);
                checkEntries(id, rest, vlen, 8, true);
            }
            case BtfImage.KIND_DATASEC -> {
                for (int i = 0; i < vlen; i++) {
                    checkType(id, rest + 12 * i);
                }
            }
            default -> {
                // INT, FWD and FLOAT refer to nothing but their name.
            }
        }
    }

    private void checkEntries(int id, int rest, int vlen, int stride, boolean typed) throws BtfFormatException {
        for (int i = 0; i < vlen; i++) {
            checkString(id, rest + stride * i);
            if (typed) {
                checkType(id, rest + stride * i + 4);
            }
        }
    }

    private void checkType(int id, int where) throws BtfFormatException {
        int referred = at(where);
        if (Integer.compareUnsigned(referred, count) >= 0) {
            throw bad(
                    where,
                    "type [" + id + "] refers to type [" + Integer.toUnsignedString(referred) + "], the last one is ["
                            + (count - 1) + "]");
        }
    }

    private void checkString(int id, int where) throws BtfFormatException {
        int offset = at(where);
        if (Integer.compareUnsigned(offset, stringsEnd - stringsStart) >= 0) {
            throw bad(
                    where,
                    "type [" + id + "] has its name at " + Integer.toUnsignedString(offset) + ", the strings have "
                            + (stringsEnd - stringsStart) + " bytes");
        }
    }

    private int at(int offset) {
        return BtfImage.intAt(bytes, offset);
    }

    private static BtfFormatException bad(long offset, String reason) {
        return new BtfFormatException(offset, reason);
    }
}
