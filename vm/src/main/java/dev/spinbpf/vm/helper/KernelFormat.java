package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The format strings of {@code bpf_trace_printk} and its kin, by the rules of Linux's {@code bpf_bprintf_prepare}:
 * {@code %d %i %u %x %X} with {@code l} and {@code ll}, {@code %c}, {@code %s}, {@code %p} and
 * {@code %pK %px %ps %pS %pB %pks %pus %pi4 %pI4 %pi6 %pI6}, widths and the flags {@code 0 + -} and space. Anything
 * else is -EINVAL. Pointers are shown as they are, not hashed.
 */
final class KernelFormat {
    /** Longest output, with its zero byte: {@code MAX_BPRINTF_BUF}. */
    static final int MAX_OUTPUT = 1024;

    /** Most arguments: {@code MAX_BPRINTF_VARARGS}. */
    static final int MAX_ARGUMENTS = 12;

    private static final int MAX_STRING = 512;

    private final byte[] format;
    private final long[] arguments;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int at;
    private int used;
    private boolean left;
    private boolean zero;
    private boolean plus;
    private boolean space;
    private int width;

    /** @param format without a zero byte */
    KernelFormat(byte[] format, long... arguments) {
        this.format = format;
        this.arguments = arguments;
    }

    /** The bytes up to a zero byte within {@code size} bytes, or null where there is none. */
    static byte @Nullable [] readFormat(long address, long size) {
        for (int length = 0; length < size; length++) {
            if (GuestMemory.getByte(address + length) == 0) {
                return GuestMemory.bytes(address, length);
            }
        }
        return null;
    }

    /** Formats; 0 or -EINVAL. */
    int run() {
        while (at < format.length) {
            int c = format[at++] & 0xff;
            boolean control = c < 0x20 && !(c >= '\t' && c <= '\r') || c == 0x7f;
            if (control) {
                return -EINVAL;
            }
            if (c != '%') {
                out.write(c);
            } else if (peek(0) == '%') {
                out.write('%');
                at++;
            } else if (used >= arguments.length || !specifier()) {
                return -EINVAL;
            }
        }
        return 0;
    }

    /** All that was formatted. */
    byte[] output() {
        return out.toByteArray();
    }

    /** All that was formatted, cut to the longest output. */
    byte[] boundedOutput() {
        byte[] bytes = out.toByteArray();
        return bytes.length < MAX_OUTPUT ? bytes : Arrays.copyOf(bytes, MAX_OUTPUT - 1);
    }

    private int peek(int ahead) {
        return at + ahead < format.length ? format[at + ahead] & 0xff : 0;
    }

    private boolean specifier() {
        left = zero = plus = space = false;
        for (int c = peek(0); c == '0' || c == '+' || c == '-' || c == ' '; c = peek(0)) {
            zero |= c == '0';
            plus |= c == '+';
            left |= c == '-';
            space |= c == ' ';
            at++;
        }
        width = 0;
        while (Character.isDigit(peek(0))) {
            width = Math.min(width * 10 + peek(0) - '0', MAX_OUTPUT);
            at++;
        }
        int c = peek(0);
        at++;
        return switch (c) {
            case 'p' -> pointer();
            case 's' -> string();
            case 'c' -> {
                pad(new byte[] {(byte) arguments[used++]});
                yield true;
            }
            default -> {
                at--;
                yield number();
            }
        };
    }

    private boolean endsHere() {
        int next = peek(0);
        boolean isSpace = next == ' ' || next >= '\t' && next <= '\r';
        boolean isPunct = next > 0x20 && next < 0x7f && !Character.isLetterOrDigit(next);
        return next == 0 || isSpace || isPunct;
    }

    private boolean pointer() {
        int kind = peek(0);
        if (endsHere()) {
            return address();
        }
        at++;
        return switch (kind) {
            case 'k', 'u' -> {
                at++;
                yield peek(-1) == 's' && string();
            }
            case 'K', 'x' -> address();
            case 's', 'S', 'B' -> {
                pad(ascii("0x" + Long.toHexString(arguments[used++])));
                yield true;
            }
            case 'i', 'I' -> {
                int version = peek(0);
                at++;
                yield (version == '4' || version == '6') && ip(kind == 'i', version == '4' ? 4 : 16);
            }
            default -> false;
        };
    }

    private boolean address() {
        pad(ascii(String.format("%016x", arguments[used++])));
        return true;
    }

    private boolean ip(boolean leadingZeros, int size) {
        long address = arguments[used++];
        byte[] bytes = GuestMemory.exists(address, size) ? GuestMemory.bytes(address, size) : new byte[size];
        StringBuilder text = new StringBuilder();
        if (size == 4) {
            for (byte b : bytes) {
                text.append(text.isEmpty() ? "" : ".").append(String.format(leadingZeros ? "%03d" : "%d", b & 0xff));
            }
        } else {
            for (int i = 0; i < size; i += 2) {
                text.append(i == 0 || leadingZeros ? "" : ":");
                text.append(String.format("%02x%02x", bytes[i] & 0xff, bytes[i + 1] & 0xff));
            }
        }
        pad(ascii(text.toString()));
        return true;
    }

    private boolean string() {
        if (!endsHere()) {
            return false;
        }
        long address = arguments[used++];
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < MAX_STRING && GuestMemory.exists(address + i, 1); i++) {
            byte b = GuestMemory.getByte(address + i);
            if (b == 0) {
                break;
            }
            bytes.write(b);
        }
        pad(bytes.toByteArray());
        return true;
    }

    private boolean number() {
        int longs = 0;
        while (longs < 2 && peek(0) == 'l') {
            longs++;
            at++;
        }
        int kind = peek(0);
        at++;
        if (kind != 'd' && kind != 'i' && kind != 'u' && kind != 'x' && kind != 'X') {
            return false;
        }
        long value = arguments[used++];
        boolean signed = kind == 'd' || kind == 'i';
        if (longs == 0) {
            value = signed ? (int) value : value & 0xffff_ffffL;
        }
        String digits =
                switch (kind) {
                    case 'x' -> Long.toHexString(value);
                    case 'X' -> Long.toHexString(value).toUpperCase(Locale.ROOT);
                    case 'u' -> Long.toUnsignedString(value);
                    default -> Long.toString(value).replace("-", "");
                };
        String sign = signed && value < 0 ? "-" : signed && plus ? "+" : signed && space ? " " : "";
        if (zero && !left) {
            digits = "0".repeat(Math.max(0, width - sign.length() - digits.length())) + digits;
        }
        pad(ascii(sign + digits));
        return true;
    }

    private void pad(byte[] text) {
        int padding = Math.max(0, width - text.length);
        out.writeBytes(left ? text : ascii(" ".repeat(padding)));
        out.writeBytes(left ? ascii(" ".repeat(padding)) : text);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
