package dev.spinbpf.programs.btf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a validated BTF section, from which types are decoded when they are asked for.
 *
 * <p>A kernel has some hundred thousand types, of which a program needs a few. So opening one costs a pass over the
 * bytes that checks them and notes where each type starts; a record is made, and kept, when its id is first asked for;
 * the index of names is made by the first search. Types are immutable, so that two threads that decode the same one do
 * no harm.
 */
final class BtfImage implements TypeSource {
    static final int KIND_INT = 1;
    static final int KIND_PTR = 2;
    static final int KIND_ARRAY = 3;
    static final int KIND_STRUCT = 4;
    static final int KIND_UNION = 5;
    static final int KIND_ENUM = 6;
    static final int KIND_FWD = 7;
    static final int KIND_TYPEDEF = 8;
    static final int KIND_VOLATILE = 9;
    static final int KIND_CONST = 10;
    static final int KIND_RESTRICT = 11;
    static final int KIND_FUNC = 12;
    static final int KIND_FUNC_PROTO = 13;
    static final int KIND_VAR = 14;
    static final int KIND_DATASEC = 15;
    static final int KIND_FLOAT = 16;
    static final int KIND_DECL_TAG = 17;
    static final int KIND_TYPE_TAG = 18;
    static final int KIND_ENUM64 = 19;

    /** Bytes of name, info and size or type, which begin each type. */
    static final int HEADER_BYTES = 12;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BITFIELD_SIZE_SHIFT = 24;
    private static final int BITFIELD_OFFSET_MASK = 0xffffff;

    private final byte[] bytes;
    private final int[] offsets;
    private final int stringsStart;
    private final int stringsEnd;
    private final @Nullable BtfType[] decoded;
    private volatile @Nullable NameIndex names;

    /** @param offsets where each type starts, by id; entry 0 means nothing */
    BtfImage(byte[] bytes, int[] offsets, int stringsStart, int stringsEnd) {
        this.bytes = bytes;
        this.offsets = offsets;
        this.stringsStart = stringsStart;
        this.stringsEnd = stringsEnd;
        this.decoded = new BtfType[offsets.length];
        this.decoded[0] = new BtfType.Void();
    }

    static int intAt(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }

    static int kind(int info) {
        return info >>> 24 & 0x7f;
    }

    static int vlen(int info) {
        return info & 0xffffff;
    }

    static boolean kindFlag(int info) {
        return info < 0;
    }

    @Override
    public int size() {
        return offsets.length;
    }

    @Override
    public BtfType type(int id) {
        Objects.checkIndex(id, offsets.length);
        BtfType type = decoded[id];
        if (type == null) {
            type = decode(offsets[id]);
            decoded[id] = type;
        }
        return type;
    }

    /**
     * The string at an offset in the string section, at most MAX_NAME_BYTES of it; the offset must have been checked.
     */
    String string(int offset) {
        int start = stringsStart + offset;
        int end = start;
        int limit = Math.min(stringsEnd, start + BtfReader.MAX_NAME_BYTES);
        while (end < limit && bytes[end] != 0) {
            end++;
        }
        return end == start ? "" : new String(bytes, start, end - start, StandardCharsets.UTF_8);
    }

    /** Bytes of the string section. */
    int stringsLength() {
        return stringsEnd - stringsStart;
    }

    private int at(int offset) {
        return intAt(bytes, offset);
    }

    private BtfType decode(int start) {
        String name = string(at(start));
        int info = at(start + 4);
        int sizeOrType = at(start + 8);
        int rest = start + HEADER_BYTES;
        return switch (kind(info)) {
            case KIND_INT -> decodeInt(name, sizeOrType, at(rest));
            case KIND_PTR -> new BtfType.Ptr(sizeOrType);
            case KIND_ARRAY -> new BtfType.Array(at(rest), at(rest + 4), Integer.toUnsignedLong(at(rest + 8)));
            case KIND_STRUCT, KIND_UNION -> decodeComposite(name, info, sizeOrType, rest);
            case KIND_ENUM, KIND_ENUM64 -> decodeEnum(name, info, sizeOrType, rest);
            case KIND_FWD -> new BtfType.Fwd(name, kindFlag(info));
            case KIND_TYPEDEF -> new BtfType.Typedef(name, sizeOrType);
            case KIND_VOLATILE -> new BtfType.Modifier(BtfType.ModifierKind.VOLATILE, "", sizeOrType);
            case KIND_CONST -> new BtfType.Modifier(BtfType.ModifierKind.CONST, "", sizeOrType);
            case KIND_RESTRICT -> new BtfType.Modifier(BtfType.ModifierKind.RESTRICT, "", sizeOrType);
            case KIND_TYPE_TAG -> new BtfType.Modifier(BtfType.ModifierKind.TYPE_TAG, name, sizeOrType);
            case KIND_FUNC -> new BtfType.Func(name, sizeOrType, linkage(vlen(info)));
            case KIND_FUNC_PROTO -> decodeProto(info, sizeOrType, rest);
            case KIND_VAR -> new BtfType.Var(name, sizeOrType, linkage(at(rest)));
            case KIND_DATASEC -> decodeDataSec(name, info, sizeOrType, rest);
            case KIND_FLOAT -> new BtfType.Float(name, sizeOrType);
            case KIND_DECL_TAG -> new BtfType.DeclTag(name, sizeOrType, at(rest));
            default -> throw new AssertionError("kind " + kind(info) + " passed validation");
        };
    }

    private static BtfType decodeInt(String name, int sizeBytes, int encoding) {
        int flags = encoding >>> 24 & 0xf;
        return new BtfType.Int(
                name,
                sizeBytes,
                encoding & 0xff,
                encoding >>> 16 & 0xff,
                (flags & 1) != 0,
                (flags & 2) != 0,
                (flags & 4) != 0);
    }

    private BtfType decodeComposite(String name, int info, int sizeBytes, int rest) {
        List<BtfType.Member> members = new ArrayList<>(vlen(info));
        for (int i = 0; i < vlen(info); i++) {
            int entry = rest + 12 * i;
            int offset = at(entry + 8);
            boolean packed = kindFlag(info);
            long bitOffset = packed ? offset & BITFIELD_OFFSET_MASK : Integer.toUnsignedLong(offset);
            int bitSize = packed ? offset >>> BITFIELD_SIZE_SHIFT : 0;
            members.add(new BtfType.Member(string(at(entry)), at(entry + 4), bitOffset, bitSize));
        }
        boolean isUnion = kind(info) == KIND_UNION;
        return new BtfType.Composite(name, isUnion, Integer.toUnsignedLong(sizeBytes), List.copyOf(members));
    }

    private BtfType decodeEnum(String name, int info, int sizeBytes, int rest) {
        boolean wide = kind(info) == KIND_ENUM64;
        boolean signed = kindFlag(info);
        int stride = wide ? 12 : 8;
        List<BtfType.EnumValue> values = new ArrayList<>(vlen(info));
        for (int i = 0; i < vlen(info); i++) {
            int entry = rest + stride * i;
            int low = at(entry + 4);
            long value = signed ? low : Integer.toUnsignedLong(low);
            if (wide) {
                value = Integer.toUnsignedLong(low) | (long) at(entry + 8) << 32;
            }
            values.add(new BtfType.EnumValue(string(at(entry)), value));
        }
        return new BtfType.Enum(name, sizeBytes, signed, List.copyOf(values));
    }

    private BtfType decodeProto(int info, int returnType, int rest) {
        List<BtfType.Param> params = new ArrayList<>(vlen(info));
        for (int i = 0; i < vlen(info); i++) {
            params.add(new BtfType.Param(string(at(rest + 8 * i)), at(rest + 8 * i + 4)));
        }
        return new BtfType.FuncProto(returnType, List.copyOf(params));
    }

    private BtfType decodeDataSec(String name, int info, int sizeBytes, int rest) {
        List<BtfType.SecVar> vars = new ArrayList<>(vlen(info));
        for (int i = 0; i < vlen(info); i++) {
            int entry = rest + 12 * i;
            vars.add(new BtfType.SecVar(
                    at(entry), Integer.toUnsignedLong(at(entry + 4)), Integer.toUnsignedLong(at(entry + 8))));
        }
        return new BtfType.DataSec(name, Integer.toUnsignedLong(sizeBytes), List.copyOf(vars));
    }

    private static BtfType.Linkage linkage(int number) {
        return switch (number) {
            case 0 -> BtfType.Linkage.STATIC;
            case 1 -> BtfType.Linkage.GLOBAL;
            default -> BtfType.Linkage.EXTERN;
        };
    }

    @Override
    public List<Integer> named(String name) {
        return index().find(name.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public List<Integer> beginningWith(String prefix) {
        byte[] first = prefix.getBytes(StandardCharsets.UTF_8);
        List<Integer> ids = new ArrayList<>();
        for (int id = 1; id < offsets.length; id++) {
            if (beginsWith(first, stringsStart + at(offsets[id]))) {
                ids.add(id);
            }
        }
        return ids;
    }

    private boolean beginsWith(byte[] first, int start) {
        if (start + first.length >= stringsEnd) {
            return false;
        }
        for (int i = 0; i < first.length; i++) {
            if (bytes[start + i] != first[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public List<Integer> flavored() {
        return index().flavored;
    }

    private NameIndex index() {
        NameIndex index = names;
        if (index == null) {
            index = new NameIndex();
            names = index;
        }
        return index;
    }

    /** A hash table from names to ids: buckets are chains of ids, ascending. */
    private final class NameIndex {
        private final int[] heads;
        private final int[] next = new int[offsets.length];
        private final List<Integer> flavored = new ArrayList<>();

        NameIndex() {
            heads = new int[Math.max(16, Integer.highestOneBit(offsets.length) << 1)];
            for (int id = offsets.length - 1; id > 0; id--) {
                int start = stringsStart + at(offsets[id]);
                if (bytes[start] != 0) {
                    int bucket = bucketOf(hashFrom(start));
                    next[id] = heads[bucket];
                    heads[bucket] = id;
                    if (hasFlavorMark(start)) {
                        flavored.add(id);
                    }
                }
            }
        }

        private boolean hasFlavorMark(int start) {
            int run = 0;
            for (int i = start; i < stringsEnd && bytes[i] != 0; i++) {
                run = bytes[i] == '_' ? run + 1 : 0;
                if (run == 3) {
                    return true;
                }
            }
            return false;
        }

        List<Integer> find(byte[] name) {
            int hash = 0;
            for (byte c : name) {
                hash = 31 * hash + c;
            }
            List<Integer> found = new ArrayList<>(2);
            for (int id = heads[bucketOf(hash)]; id != 0; id = next[id]) {
                if (matches(name, stringsStart + at(offsets[id]))) {
                    found.add(id);
                }
            }
            return found;
        }

        private int bucketOf(int hash) {
            return (hash ^ hash >>> 15) & heads.length - 1;
        }

        private int hashFrom(int start) {
            int hash = 0;
            for (int i = start; i < stringsEnd && bytes[i] != 0; i++) {
                hash = 31 * hash + bytes[i];
            }
            return hash;
        }

        private boolean matches(byte[] name, int start) {
            return name.length > 0 && beginsWith(name, start) && bytes[start + name.length] == 0;
        }
    }
}
