package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.vm.stress.ByteString;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the bytes of a key or value of a map out of a value in a workload file: a number, {@code hex:} and digits for
 * the whole, or by the type that the object declares: members by name, elements in order, names of enums, text in arrays
 * of characters. What is not named is zero, and of global data as the object has it.
 */
final class ValueEncoder {
    private static final String HEX = "hex:";

    private final Btf types;
    private final Mistakes mistakes;
    private byte[] bytes = {};

    ValueEncoder(Btf types, Mistakes mistakes) {
        this.types = types;
        this.mistakes = mistakes;
    }

    /**
     * The bytes, or null where the value does not fit; the mistakes have been added then.
     *
     * @param typeId the type, or 0 where the object declares none
     * @param initial what is there where the value says nothing; as many bytes as there have to be
     */
    @Nullable
    ByteString encode(YamlNode node, String path, int typeId, byte[] initial) {
        int before = mistakes.count();
        bytes = initial.clone();
        if (node instanceof YamlNode.Scalar scalar && scalar.text().startsWith(HEX)) {
            putHex(scalar, path);
        } else if (typeId <= 0 || typeId >= types.size()) {
            putUntyped(node, path);
        } else {
            put(node, path, typeId, 0);
        }
        return mistakes.count() == before ? ByteString.of(bytes) : null;
    }

    private void wrong(YamlNode node, String path, String expected) {
        mistakes.add(node.place(), path, "expected " + expected + ", found " + node.words());
    }

    private void putHex(YamlNode.Scalar scalar, String path) {
        String digits = scalar.text().substring(HEX.length()).replaceAll("[ :]", "");
        boolean isHex = digits.matches("(?:[0-9A-Fa-f]{2})*+");
        if (!isHex || digits.length() != 2 * bytes.length) {
            String found = isHex ? digits.length() / 2 + " bytes" : scalar.words();
            mistakes.add(
                    scalar.place(),
                    path,
                    "expected hexadecimal digits of " + bytes.length + " bytes after hex:, found " + found);
            return;
        }
        System.arraycopy(HexFormat.of().parseHex(digits), 0, bytes, 0, bytes.length);
    }

    private void putUntyped(YamlNode node, String path) {
        if (bytes.length <= Long.BYTES && node instanceof YamlNode.Scalar scalar && scalar.integer() != null) {
            putNumber(scalar, path, 0, bytes.length);
        } else {
            wrong(
                    node,
                    path,
                    (bytes.length <= Long.BYTES ? "a number or " : "") + "hex: and the digits of " + bytes.length
                            + " bytes");
        }
    }

    private void put(YamlNode node, String path, int typeId, int at) {
        long size = types.resolved(typeId) instanceof BtfType.DataSec ? 0 : types.sizeOf(typeId);
        if (at < 0 || size < 0 || at + size > bytes.length) {
            mistakes.add(node.place(), path, "does not fit: the object's types say that it ends after the value");
            return;
        }
        switch (types.resolved(typeId)) {
            case BtfType.Int type when type.sizeBytes() <= Long.BYTES -> putInt(node, path, type, at);
            case BtfType.Enum type -> putEnum(node, path, type, at);
            case BtfType.Ptr _ -> putScalar(node, path, at, Long.BYTES, "a number");
            case BtfType.Array type -> putArray(node, path, type, at);
            case BtfType.Composite type -> putMembers(node, path, type, at);
            case BtfType.DataSec type -> putVariables(node, path, type, at);
            default -> wrong(node, path, "hex: and digits for the whole, as there is no other way to write this type");
        }
    }

    private void putInt(YamlNode node, String path, BtfType.Int type, int at) {
        boolean isBoolean = node instanceof YamlNode.Scalar scalar && scalar.kind() == YamlNode.ScalarKind.BOOLEAN;
        if (isBoolean && type.isBool() && node instanceof YamlNode.Scalar scalar) {
            bytes[at] = (byte) (scalar.text().equalsIgnoreCase("true") ? 1 : 0);
        } else {
            putScalar(node, path, at, type.sizeBytes(), type.isBool() ? "true or false" : "a number");
        }
    }

    private void putScalar(YamlNode node, String path, int at, int size, String expected) {
        if (node instanceof YamlNode.Scalar scalar && scalar.integer() != null) {
            putNumber(scalar, path, at, size);
        } else {
            wrong(node, path, expected);
        }
    }

    private void putEnum(YamlNode node, String path, BtfType.Enum type, int at) {
        List<String> names = type.values().stream().map(BtfType.EnumValue::name).toList();
        int index = node instanceof YamlNode.Scalar scalar ? names.indexOf(scalar.text()) : -1;
        if (index >= 0) {
            putLittleEndian(BigInteger.valueOf(type.values().get(index).value()), at, type.sizeBytes());
        } else {
            String name = type.name().isEmpty() ? "this enum" : "enum " + type.name();
            putScalar(node, path, at, type.sizeBytes(), "a number or a name of " + name);
        }
    }

    private void putArray(YamlNode node, String path, BtfType.Array type, int at) {
        int size = (int) types.sizeOf(type.elementTypeId());
        boolean isText = types.resolved(type.elementTypeId()) instanceof BtfType.Int element
                && element.sizeBytes() == 1
                && node instanceof YamlNode.Scalar scalar
                && scalar.kind() == YamlNode.ScalarKind.TEXT;
        if (isText && node instanceof YamlNode.Scalar scalar) {
            byte[] text = scalar.text().getBytes(StandardCharsets.UTF_8);
            if (text.length > type.count()) {
                wrong(node, path, "at most " + type.count() + " bytes of text");
            } else {
                System.arraycopy(text, 0, bytes, at, text.length);
            }
            return;
        }
        if (!(node instanceof YamlNode.Items list) || list.items().size() > type.count()) {
            wrong(node, path, "a list of at most " + type.count());
            return;
        }
        for (int i = 0; i < list.items().size(); i++) {
            put(list.items().get(i), path + "[" + i + "]", type.elementTypeId(), at + i * size);
        }
    }

    private void putMembers(YamlNode node, String path, BtfType.Composite type, int at) {
        String name = (type.isUnion() ? "union " : "struct ") + type.name();
        if (!(node instanceof YamlNode.Keys mapping)) {
            wrong(node, path, "a mapping with members of " + name.strip() + ", or hex: and digits");
            return;
        }
        for (YamlNode.Entry entry : mapping.entries()) {
            BtfType.Member member = null;
            for (BtfType.Member known : type.members()) {
                member = known.name().equals(entry.key()) ? known : member;
            }
            String memberPath = path + "." + entry.key();
            if (member == null) {
                List<String> known =
                        type.members().stream().map(BtfType.Member::name).toList();
                unknown(entry, memberPath, "a member of " + name.strip(), known);
            } else if (member.bitSize() != 0) {
                mistakes.add(entry.place(), memberPath, "is a bit field; write the whole as hex: and digits");
            } else {
                put(entry.value(), memberPath, member.typeId(), at + (int) (member.bitOffset() / 8));
            }
        }
    }

    private void putVariables(YamlNode node, String path, BtfType.DataSec type, int at) {
        if (!(node instanceof YamlNode.Keys mapping)) {
            wrong(node, path, "a mapping with variables of section " + type.name() + ", or hex: and digits");
            return;
        }
        for (YamlNode.Entry entry : mapping.entries()) {
            String variablePath = path + "." + entry.key();
            BtfType.SecVar variable = null;
            for (BtfType.SecVar known : type.vars()) {
                variable = types.type(known.varTypeId()).name().equals(entry.key()) ? known : variable;
            }
            if (variable != null && types.type(variable.varTypeId()) instanceof BtfType.Var found) {
                put(entry.value(), variablePath, found.typeId(), at + (int) variable.offset());
            } else {
                List<String> known = type.vars().stream()
                        .map(each -> types.type(each.varTypeId()).name())
                        .toList();
                unknown(entry, variablePath, "a variable of section " + type.name(), known);
            }
        }
    }

    private void unknown(YamlNode.Entry entry, String path, String kind, List<String> known) {
        mistakes.add(entry.place(), path, "is not " + kind + Mistakes.suggestion(entry.key(), known));
    }

    private void putNumber(YamlNode.Scalar scalar, String path, int at, int size) {
        BigInteger value = scalar.integer();
        BigInteger end = BigInteger.ONE.shiftLeft(8 * size);
        BigInteger least = end.shiftRight(1).negate();
        if (value == null || value.compareTo(least) < 0 || value.compareTo(end) >= 0) {
            wrong(scalar, path, "a number of " + size + (size == 1 ? " byte" : " bytes"));
            return;
        }
        putLittleEndian(value, at, size);
    }

    private void putLittleEndian(BigInteger value, int at, int size) {
        for (int i = 0; i < size && at + i < bytes.length; i++) {
            bytes[at + i] = value.shiftRight(8 * i).byteValue();
        }
    }
}
