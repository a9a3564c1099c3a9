package dev.spinbpf.programs.btf;

import java.util.List;

/** Writes values in bpftool's two forms. */
final class BtfValueWriter {
    private static final String INDENT = "    ";

    private final boolean pretty;
    private final StringBuilder out = new StringBuilder();
    private int depth;
    private boolean separate;

    BtfValueWriter(boolean pretty) {
        this.pretty = pretty;
    }

    String write(BtfValue value) {
        append(value);
        return out.toString();
    }

    private void append(BtfValue value) {
        switch (value) {
            case BtfValue.Number number -> scalar(number.digits());
            case BtfValue.Hex hex -> scalar(pretty ? hex.digits() : quoted(hex.digits()));
            case BtfValue.Pointer pointer -> scalar(pretty ? quoted(address(pointer)) : unsigned(pointer));
            case BtfValue.Text text -> scalar(quoted(text.text()));
            case BtfValue.Bool bool -> scalar(Boolean.toString(bool.value()));
            case BtfValue.Struct struct -> fields(struct.fields());
            case BtfValue.Items items -> {
                begin('[');
                items.items().forEach(this::append);
                end(']');
            }
        }
    }

    private static String address(BtfValue.Pointer pointer) {
        return pointer.address() == 0 ? "(nil)" : "0x" + Long.toHexString(pointer.address());
    }

    private static String unsigned(BtfValue.Pointer pointer) {
        return Long.toUnsignedString(pointer.address());
    }

    private void fields(List<BtfValue.Field> fields) {
        begin('{');
        for (BtfValue.Field field : fields) {
            separator();
            newLine();
            separate = false;
            out.append(quoted(field.name())).append(pretty ? ": " : ":");
            append(field.value());
        }
        end('}');
    }

    private void scalar(String text) {
        separator();
        out.append(text);
    }

    private void begin(char bracket) {
        separator();
        out.append(bracket);
        depth++;
        separate = false;
    }

    private void end(char bracket) {
        depth--;
        if (separate) {
            newLine();
        }
        out.append(bracket);
        separate = true;
    }

    private void separator() {
        if (separate) {
            out.append(',');
        }
        separate = true;
    }

    private void newLine() {
        if (pretty) {
            out.append('\n').append(INDENT.repeat(depth));
        }
    }

    /** A JSON string. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\t' -> quoted.append("\\t");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\f' -> quoted.append("\\f");
                case '\b' -> quoted.append("\\b");
                case '\\' -> quoted.append("\\\\");
                case '"' -> quoted.append("\\\"");
                default -> quoted.append(c < ' ' ? String.format("\\u%04x", (int) c) : Character.toString(c));
            }
        }
        return quoted.append('"').toString();
    }
}
