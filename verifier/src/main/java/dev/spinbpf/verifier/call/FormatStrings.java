package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegState;

/** Format strings that are known when a program is verified: the rules of Linux's {@code bpf_bprintf_prepare}. */
final class FormatStrings {
    private final String format;
    private int at;

    private FormatStrings(String format) {
        this.format = format;
    }

    /** Refuses a call of {@code bpf_snprintf} whose format does not fit its arguments: {@code check_bpf_snprintf_call}. */
    static void checkSnprintf(Exploration path) {
        RegState length = path.reg(5);
        long bytes = length.constValue();
        if (Long.remainderUnsigned(bytes, Long.BYTES) != 0) {
            throw path.reject(Errno.EINVAL);
        }
        if (!new FormatStrings(ConstStrings.read(path.reg(3))).fits(bytes >>> 3)) {
            throw path.reject(Errno.EINVAL, Message.INVALID_FORMAT_STRING);
        }
    }

    /** Returns whether each conversion is a known one and has an argument; arguments may be left over. */
    static boolean fits(String format, long arguments) {
        return new FormatStrings(format).fits(arguments);
    }

    private boolean fits(long arguments) {
        long used = 0;
        while (at < format.length()) {
            char c = format.charAt(at++);
            if (c < 0x80 && !isPrintable(c) && !isSpace(c)) {
                return false;
            }
            if (c != '%') {
                continue;
            }
            if (peek(0) == '%') {
                at++;
            } else if (used++ >= arguments || !isConversion()) {
                return false;
            }
        }
        return true;
    }

    /** The character that many further on, 0 at the end. */
    private char peek(int ahead) {
        return at + ahead < format.length() ? format.charAt(at + ahead) : 0;
    }

    private boolean isConversion() {
        while ("0+- ".indexOf(peek(0)) >= 0) {
            at++;
        }
        if (peek(0) >= '1' && peek(0) <= '9') {
            while (peek(0) >= '0' && peek(0) <= '9') {
                at++;
            }
        }
        char c = peek(0);
        at++;
        return switch (c) {
            case 'p' -> isPointer();
            case 's' -> endsHere();
            case 'c' -> true;
            default -> {
                at--;
                yield isNumber();
            }
        };
    }

    private boolean isPointer() {
        if (endsHere()) {
            return true;
        }
        char kind = peek(0);
        at++;
        return switch (kind) {
            case 'k', 'u' -> {
                at++;
                yield peek(-1) == 's' && endsHere();
            }
            case 'K', 'x', 's', 'S', 'B' -> true;
            case 'i', 'I' -> {
                at++;
                yield peek(-1) == '4' || peek(-1) == '6';
            }
            default -> false;
        };
    }

    private boolean isNumber() {
        for (int i = 0; i < 2 && peek(0) == 'l'; i++) {
            at++;
        }
        char kind = peek(0);
        at++;
        return kind != 0 && "iduxX".indexOf(kind) >= 0;
    }

    private boolean endsHere() {
        char next = peek(0);
        boolean isPunctuation = isPrintable(next) && next != ' ' && !Character.isLetterOrDigit(next);
        return next == 0 || isSpace(next) || isPunctuation;
    }

    private static boolean isPrintable(char c) {
        return c >= ' ' && c < 0x7f;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
