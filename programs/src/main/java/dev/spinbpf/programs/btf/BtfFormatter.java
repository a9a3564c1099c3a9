package dev.spinbpf.programs.btf;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Shows bytes as a value of a type, as bpftool shows what is in a map: structs by member, enumerations by name, char
 * arrays as text.
 *
 * <p>Bytes that the type says are there and that are not show as {@code ?}; so does what nests deeper than
 * 32 levels, and what comes after a million values, or after 16 for each byte (types that contain themselves would
 * never end).
 */
public final class BtfFormatter {
    private static final BtfValue UNKNOWN = new BtfValue.Text("?");
    private static final int MAX_DEPTH = 32;
    private static final int MAX_VALUES = 1_000_000;
    private static final int VALUES_PER_BYTE = 16;
    private static final int LONG_HEX_DIGITS = 16;

    private final Btf types;
    private int valuesLeft;

    public BtfFormatter(Btf types) {
        this.types = types;
    }

    /**
     * The value of a type that the bytes hold.
     *
     * @param typeId a type with a size, a variable or a DATASEC
     * @param bytes the value, little-endian
     */
    public BtfValue format(int typeId, byte[] bytes) {
        valuesLeft = Math.min(MAX_VALUES, 1000 + VALUES_PER_BYTE * Math.min(bytes.length, MAX_VALUES));
        return value(typeId, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0, 0);
    }

    private BtfValue value(int typeId, ByteBuffer bytes, long bitOffset, int depth) {
        if (depth > MAX_DEPTH || --valuesLeft < 0) {
            return UNKNOWN;
        }
        int at = (int) Math.min(bitOffset / Byte.SIZE, Integer.MAX_VALUE);
        return switch (types.resolved(typeId)) {
            case BtfType.Int type -> integer(type, bytes, bitOffset);
            case BtfType.Float type -> floating(type, bytes, at);
            case BtfType.Ptr type -> has(bytes, at, Long.BYTES) ? new BtfValue.Pointer(bytes.getLong(at)) : UNKNOWN;
            case BtfType.Enum type -> enumeration(type, bytes, at);
            case BtfType.Array type -> array(type, bytes, at, depth);
            case BtfType.Composite type -> {
                List<BtfValue.Field> fields = new ArrayList<>();
                for (BtfType.Member member : type.members()) {
                    long offset = bitOffset + member.bitOffset();
                    BtfValue value = member.bitSize() > 0
                            ? bits(bytes, offset, member.bitSize())
                            : value(member.typeId(), bytes, offset, depth + 1);
                    fields.add(new BtfValue.Field(member.name(), value));
                }
                yield new BtfValue.Struct(fields);
            }
            case BtfType.Var type -> named(type.name(), value(type.typeId(), bytes, bitOffset, depth + 1));
            case BtfType.DataSec type -> {
                List<BtfValue> vars = new ArrayList<>();
                for (BtfType.SecVar entry : type.vars()) {
                    vars.add(value(entry.varTypeId(), bytes, bitOffset + entry.offset() * Byte.SIZE, depth + 1));
                }
                yield named(type.name(), new BtfValue.Items(vars));
            }
            default -> UNKNOWN;
        };
    }

    private static BtfValue named(String name, BtfValue value) {
        return new BtfValue.Struct(List.of(new BtfValue.Field(name, value)));
    }

    private static boolean has(ByteBuffer bytes, long at, int count) {
        return at >= 0 && at <= bytes.limit() - (long) count;
    }

    private static BtfValue integer(BtfType.Int type, ByteBuffer bytes, long bitOffset) {
        int at = (int) Math.min(bitOffset / Byte.SIZE, Integer.MAX_VALUE);
        boolean plain = bitOffset % Byte.SIZE == 0 && type.offset() == 0 && type.bits() == type.sizeBytes() * Byte.SIZE;
        if (!plain) {
            return bits(bytes, bitOffset + type.offset(), type.bits());
        }
        if (!has(bytes, at, type.sizeBytes())) {
            return UNKNOWN;
        }
        if (type.isBool()) {
            return new BtfValue.Bool(bytes.get(at) != 0);
        }
        boolean signed = type.signed();
        return switch (type.sizeBytes()) {
            case 1 -> {
                byte value = bytes.get(at);
                if (type.isChar()) {
                    boolean printable = value >= ' ' && value < 0x7f;
                    yield printable
                            ? new BtfValue.Text(Character.toString((char) value))
                            : new BtfValue.Hex("0x" + Integer.toHexString(value & 0xff));
                }
                yield number(signed ? value : value & 0xff);
            }
            case 2 -> number(signed ? bytes.getShort(at) : bytes.getShort(at) & 0xffff);
            case 4 -> number(signed ? bytes.getInt(at) : Integer.toUnsignedLong(bytes.getInt(at)));
            case 8 ->
                new BtfValue.Number(
                        signed ? Long.toString(bytes.getLong(at)) : Long.toUnsignedString(bytes.getLong(at)));
            default -> bits(bytes, bitOffset, type.bits());
        };
    }

    private static BtfValue number(long value) {
        return new BtfValue.Number(Long.toString(value));
    }

    private static BtfValue floating(BtfType.Float type, ByteBuffer bytes, int at) {
        if (!has(bytes, at, type.sizeBytes())) {
            return UNKNOWN;
        }
        return switch (type.sizeBytes()) {
            case Float.BYTES -> floating(Float.toString(bytes.getFloat(at)));
            case Double.BYTES -> floating(Double.toString(bytes.getDouble(at)));
            default -> UNKNOWN;
        };
    }

    /** JSON has no infinities. */
    private static BtfValue floating(String digits) {
        boolean finite = Character.isDigit(digits.charAt(digits.length() - 1));
        return finite ? new BtfValue.Number(digits) : new BtfValue.Text(digits);
    }

    private static BtfValue enumeration(BtfType.Enum type, ByteBuffer bytes, int at) {
        if (!has(bytes, at, type.sizeBytes())) {
            return UNKNOWN;
        }
        long value =
                switch (type.sizeBytes()) {
                    case 1 -> bytes.get(at);
                    case 2 -> bytes.getShort(at);
                    case 4 -> bytes.getInt(at);
                    default -> bytes.getLong(at);
                };
        long mask = type.sizeBytes() >= Long.BYTES ? -1L : (1L << type.sizeBytes() * Byte.SIZE) - 1;
        for (BtfType.EnumValue candidate : type.values()) {
            if ((candidate.value() & mask) == (value & mask)) {
                return new BtfValue.Text(candidate.name());
            }
        }
        return number(value);
    }

    private BtfValue array(BtfType.Array type, ByteBuffer bytes, int at, int depth) {
        if (isText(type, bytes, at)) {
            StringBuilder text = new StringBuilder();
            for (int i = at; bytes.get(i) != 0; i++) {
                text.append((char) bytes.get(i));
            }
            return new BtfValue.Text(text.toString());
        }
        long elementBytes = types.sizeOf(type.elementTypeId());
        List<BtfValue> items = new ArrayList<>();
        for (long i = 0; i < type.count() && elementBytes > 0 && valuesLeft > 0; i++) {
            items.add(value(type.elementTypeId(), bytes, (at + i * elementBytes) * Byte.SIZE, depth + 1));
        }
        return new BtfValue.Items(items);
    }

    /** Returns true if the array is of {@code char} itself and holds printable characters and a zero. */
    private boolean isText(BtfType.Array type, ByteBuffer bytes, int at) {
        int elementId = type.elementTypeId();
        for (int depth = 0; types.type(elementId) instanceof BtfType.Modifier modifier && depth < MAX_DEPTH; depth++) {
            elementId = modifier.typeId();
        }
        if (!(types.type(elementId) instanceof BtfType.Int element)
                || element.sizeBytes() != 1
                || !element.isChar() && !element.name().equals("char")) {
            return false;
        }
        long end = Math.min(at + type.count(), bytes.limit());
        for (int i = at; i < end; i++) {
            byte c = bytes.get(i);
            if (c == 0) {
                return true;
            }
            if (c < ' ' || c >= 0x7f) {
                return false;
            }
        }
        return false;
    }

    /** A bit field of up to 128 bits. */
    private static BtfValue bits(ByteBuffer bytes, long bitOffset, int count) {
        long last = bitOffset + count - 1;
        if (count <= 0 || last / Byte.SIZE >= bytes.limit()) {
            return UNKNOWN;
        }
        BigInteger value = BigInteger.ZERO;
        for (long bit = last; bit >= bitOffset; bit--) {
            int set = bytes.get((int) (bit / Byte.SIZE)) >>> bit % Byte.SIZE & 1;
            value = value.shiftLeft(1).or(BigInteger.valueOf(set));
        }
        String high = value.shiftRight(Long.SIZE).signum() == 0
                ? ""
                : value.shiftRight(Long.SIZE).toString(16);
        String low = Long.toHexString(value.longValue());
        return new BtfValue.Hex(
                "0x" + (high.isEmpty() ? low : high + "0".repeat(LONG_HEX_DIGITS - low.length()) + low));
    }
}
