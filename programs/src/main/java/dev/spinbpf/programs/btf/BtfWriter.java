package dev.spinbpf.programs.btf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * Writes types in the BPF type format, little-endian, so that {@link BtfReader} reads the same types again.
 *
 * @see <a href="https://docs.kernel.org/bpf/btf.html">BPF Type Format</a>
 */
public final class BtfWriter {
    private static final int HEADER_BYTES = 24;
    private static final int VERSION = 1;

    private static final int INT = 1;
    private static final int PTR = 2;
    private static final int ARRAY = 3;
    private static final int STRUCT = 4;
    private static final int UNION = 5;
    private static final int ENUM = 6;
    private static final int FWD = 7;
    private static final int TYPEDEF = 8;
    private static final int VOLATILE = 9;
    private static final int CONST = 10;
    private static final int RESTRICT = 11;
    private static final int FUNC = 12;
    private static final int FUNC_PROTO = 13;
    private static final int VAR = 14;
    private static final int DATASEC = 15;
    private static final int FLOAT = 16;
    private static final int DECL_TAG = 17;
    private static final int TYPE_TAG = 18;
    private static final int ENUM64 = 19;

    private static final int SIGNED = 1;
    private static final int CHAR = 2;
    private static final int BOOL = 4;
    private static final int MEMBER_BITFIELD_SHIFT = 24;

    private final ByteArrayOutputStream types = new ByteArrayOutputStream();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
    private final Map<String, Integer> offsets = new HashMap<>();

    private BtfWriter() {
        string("");
    }

    /** The types, with header and strings. */
    public static byte[] write(Btf btf) {
        BtfWriter writer = new BtfWriter();
        List<BtfType> all = btf.types();
        for (BtfType type : all.subList(1, all.size())) {
            writer.type(type);
        }
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + writer.types.size() + writer.strings.size())
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putShort((short) BtfReader.MAGIC).put((byte) VERSION).put((byte) 0).putInt(HEADER_BYTES);
        out.putInt(0).putInt(writer.types.size());
        out.putInt(writer.types.size()).putInt(writer.strings.size());
        out.put(writer.types.toByteArray()).put(writer.strings.toByteArray());
        return out.array();
    }

    private int string(String text) {
        return offsets.computeIfAbsent(text, key -> {
            int offset = strings.size();
            strings.writeBytes(key.getBytes(StandardCharsets.UTF_8));
            strings.write(0);
            return offset;
        });
    }

    private void word(long value) {
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            types.write((int) (value >>> shift));
        }
    }

    private void head(String name, int kind, boolean flag, int count, long sizeOrType) {
        word(string(name));
        word(count | kind << 24 | (flag ? 1 << 31 : 0));
        word(sizeOrType);
    }

    private void type(BtfType type) {
        switch (type) {
            case BtfType.Void _ -> throw new IllegalArgumentException("void has no number but 0");
            case BtfType.Int t -> {
                int encoding = (t.signed() ? SIGNED : 0) | (t.isChar() ? CHAR : 0) | (t.isBool() ? BOOL : 0);
                head(t.name(), INT, false, 0, t.sizeBytes());
                word(encoding << 24 | t.offset() << 16 | t.bits());
            }
            case BtfType.Float t -> head(t.name(), FLOAT, false, 0, t.sizeBytes());
            case BtfType.Ptr t -> head("", PTR, false, 0, t.typeId());
            case BtfType.Array t -> {
                head("", ARRAY, false, 0, 0);
                word(t.elementTypeId());
                word(t.indexTypeId());
                word(t.count());
            }
            case BtfType.Composite t -> composite(t);
            case BtfType.Enum t -> enumeration(t);
            case BtfType.Fwd t -> head(t.name(), FWD, t.isUnion(), 0, 0);
            case BtfType.Typedef t -> head(t.name(), TYPEDEF, false, 0, t.typeId());
            case BtfType.Modifier t -> head(t.name(), kind(t.kind()), false, 0, t.typeId());
            case BtfType.Func t -> head(t.name(), FUNC, false, t.linkage().ordinal(), t.protoTypeId());
            case BtfType.FuncProto t -> {
                head("", FUNC_PROTO, false, t.params().size(), t.returnTypeId());
                pairs(t.params(), param -> string(param.name()), BtfType.Param::typeId);
            }
            case BtfType.Var t -> {
                head(t.name(), VAR, false, 0, t.typeId());
                word(t.linkage().ordinal());
            }
            case BtfType.DataSec t -> {
                head(t.name(), DATASEC, false, t.vars().size(), t.sizeBytes());
                for (BtfType.SecVar entry : t.vars()) {
                    word(entry.varTypeId());
                    word(entry.offset());
                    word(entry.sizeBytes());
                }
            }
            case BtfType.DeclTag t -> {
                head(t.name(), DECL_TAG, false, 0, t.typeId());
                word(t.componentIndex());
            }
        }
    }

    private <T> void pairs(List<T> items, ToIntFunction<T> first, ToIntFunction<T> second) {
        for (T item : items) {
            word(first.applyAsInt(item));
            word(second.applyAsInt(item));
        }
    }

    private void composite(BtfType.Composite type) {
        boolean bitFields = type.members().stream().anyMatch(member -> member.bitSize() > 0);
        head(
                type.name(),
                type.isUnion() ? UNION : STRUCT,
                bitFields,
                type.members().size(),
                type.sizeBytes());
        for (BtfType.Member member : type.members()) {
            word(string(member.name()));
            word(member.typeId());
            word(member.bitOffset() | (long) member.bitSize() << MEMBER_BITFIELD_SHIFT);
        }
    }

    private void enumeration(BtfType.Enum type) {
        boolean wide = type.sizeBytes() > Integer.BYTES;
        head(type.name(), wide ? ENUM64 : ENUM, type.signed(), type.values().size(), type.sizeBytes());
        for (BtfType.EnumValue value : type.values()) {
            word(string(value.name()));
            word(value.value());
            if (wide) {
                word(value.value() >>> Integer.SIZE);
            }
        }
    }

    private static int kind(BtfType.ModifierKind kind) {
        return switch (kind) {
            case VOLATILE -> VOLATILE;
            case CONST -> CONST;
            case RESTRICT -> RESTRICT;
            case TYPE_TAG -> TYPE_TAG;
        };
    }
}
