package dev.spinbpf.tools.report;

import dev.spinbpf.programs.btf.BtfValue;

/** Writes JSON with bpftool's commas and line ends, so that its output can be compared byte by byte. */
public final class JsonText {
    private static final String INDENT = "    ";

    private final StringBuilder out = new StringBuilder();
    private final boolean pretty;
    private final boolean plain;
    private int depth;
    private boolean separate;

    /**
     * @param pretty whether to break lines
     * @param plain whether values are shown as bpftool shows them without {@code -j}: pointers and bit fields in
     *     hexadecimal
     */
    public JsonText(boolean pretty, boolean plain) {
        this.pretty = pretty;
        this.plain = plain;
    }

    /** Returns the text so far, with a line end. */
    public String text() {
        return out + "\n";
    }

    public JsonText begin(char bracket) {
        separator();
        out.append(bracket);
        depth++;
        separate = false;
        return this;
    }

    public JsonText end(char bracket) {
        depth--;
        if (separate) {
            lineEnd();
        }
        out.append(bracket);
        separate = true;
        return this;
    }

    public JsonText name(String name) {
        separator();
        lineEnd();
        separate = false;
        quoted(name);
        out.append(pretty ? ": " : ":");
        return this;
    }

    public JsonText number(long value) {
        return raw(Long.toString(value));
    }

    public JsonText string(String text) {
        separator();
        quoted(text);
        return this;
    }

    /** A word that stands as it is: {@code null}, a number. */
    public JsonText raw(String text) {
        separator();
        out.append(text);
        return this;
    }

    /** An array of bytes: {@code ["0x01","0xff"]}. */
    public JsonText bytes(byte[] bytes) {
        begin('[');
        for (byte b : bytes) {
            raw(String.format("\"0x%02x\"", b & 0xff));
        }
        return end(']');
    }

    /** A value of a type. */
    public JsonText value(BtfValue value) {
        return switch (value) {
            case BtfValue.Number number -> raw(number.digits());
            case BtfValue.Hex hex -> raw(plain ? hex.digits() : "\"" + hex.digits() + "\"");
            case BtfValue.Pointer pointer -> raw(plain ? address(pointer) : Long.toUnsignedString(pointer.address()));
            case BtfValue.Text text -> string(text.text());
            case BtfValue.Bool bool -> raw(Boolean.toString(bool.value()));
            case BtfValue.Struct struct -> {
                begin('{');
                struct.fields().forEach(field -> name(field.name()).value(field.value()));
                yield end('}');
            }
            case BtfValue.Items items -> {
                begin('[');
                items.items().forEach(this::value);
                yield end(']');
            }
        };
    }

    private static String address(BtfValue.Pointer pointer) {
        return pointer.address() == 0 ? "\"(nil)\"" : "\"0x" + Long.toHexString(pointer.address()) + "\"";
    }

    private void separator() {
        if (separate) {
            out.append(',');
        }
        separate = true;
    }

    private void lineEnd() {
        if (pretty) {
            out.append('\n').append(INDENT.repeat(depth));
        }
    }

    private void quoted(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                case '\\' -> out.append("\\\\");
                case '"' -> out.append("\\\"");
                default -> out.append(c < ' ' ? String.format("\\u%04x", (int) c) : Character.toString(c));
            }
        }
        out.append('"');
    }
}
