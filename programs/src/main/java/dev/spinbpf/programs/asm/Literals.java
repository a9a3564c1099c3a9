package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmLexer;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.NameContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.NumberContext;
import java.math.BigInteger;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/** Numbers, names and strings: their values as they are read, and their spelling as they are written. */
final class Literals {
    private static final BigInteger UNSIGNED_LIMIT = BigInteger.ONE.shiftLeft(Long.SIZE);
    private static final int MAX_DIGITS = 40;
    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z_.$][A-Za-z0-9_.$]*");
    private static final Pattern REGISTER = Pattern.compile("[rw][0-9]+");
    private static final Set<String> DIRECTIVES = IntStream.rangeClosed(0, BpfAsmLexer.VOCABULARY.getMaxTokenType())
            .mapToObj(BpfAsmLexer.VOCABULARY::getLiteralName)
            .filter(literal -> literal != null && literal.startsWith("'."))
            .map(literal -> literal.substring(1, literal.length() - 1))
            .collect(Collectors.toUnmodifiableSet());

    private final Diagnostics diagnostics;

    Literals(Diagnostics diagnostics) {
        this.diagnostics = diagnostics;
    }

    /** The number if it lies within the bounds; else reports it and gives the lower bound. */
    long number(NumberContext context, long least, long most) {
        return inRange(context, context.getText(), BigInteger.valueOf(least), BigInteger.valueOf(most));
    }

    /** The number as 64 bits: signed or unsigned. */
    long bits64(NumberContext context) {
        return inRange(
                context,
                context.getText(),
                BigInteger.valueOf(Long.MIN_VALUE),
                UNSIGNED_LIMIT.subtract(BigInteger.ONE));
    }

    /** The number as 32 bits: signed or unsigned; sign-extended. */
    int bits32(NumberContext context) {
        return (int) number(context, Integer.MIN_VALUE, (1L << Integer.SIZE) - 1);
    }

    /** A number without a sign, and before it a sign; within the bounds. */
    long signed(ParserRuleContext at, Token sign, Token digits, long least, long most) {
        String text = sign.getText().equals("-") ? "-" + digits.getText() : digits.getText();
        return inRange(at, text, BigInteger.valueOf(least), BigInteger.valueOf(most));
    }

    private long inRange(ParserRuleContext at, String text, BigInteger least, BigInteger most) {
        if (text.length() <= MAX_DIGITS) {
            BigInteger value = parse(text);
            if (value.compareTo(least) >= 0 && value.compareTo(most) <= 0) {
                return value.longValue();
            }
        }
        diagnostics.error(Span.of(at), "number out of range: expected " + least + " to " + most);
        return least.longValue();
    }

    private static BigInteger parse(String text) {
        boolean negative = text.startsWith("-");
        String digits = negative ? text.substring(1) : text;
        boolean hex = digits.startsWith("0x") || digits.startsWith("0X");
        BigInteger magnitude = hex ? new BigInteger(digits.substring(2), 16) : new BigInteger(digits);
        return negative ? magnitude.negate() : magnitude;
    }

    /** The name, without quotes. */
    String name(NameContext context) {
        return context.STRING() == null
                ? context.getText()
                : string(context.STRING().getSymbol());
    }

    /** The text of a quoted string or name. */
    String string(Token token) {
        String quoted = token.getText();
        StringBuilder text = new StringBuilder();
        int end = quoted.length() - 1;
        int at = 1;
        while (at < end) {
            char c = quoted.charAt(at++);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escape = quoted.charAt(at++);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 0;
            int code = digits == 0 || at + digits > end ? -1 : hex(quoted, at, at + digits);
            if (digits > 0 && code < 0) {
                diagnostics.error(Span.of(token), "\\" + escape + " wants " + digits + " hexadecimal digits");
                break;
            }
            text.append(digits > 0 ? (char) code : unescaped(escape));
            at += digits;
        }
        return text.toString();
    }

    private static int hex(String text, int from, int to) {
        int value = 0;
        for (int at = from; at < to; at++) {
            int digit = Character.digit(text.charAt(at), 16);
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static char unescaped(char escape) {
        return switch (escape) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> escape;
        };
    }

    /** The name as it is written: in quotes where it would be read as something else. */
    static String name(String name) {
        boolean plain =
                PLAIN_NAME.matcher(name).matches() && !REGISTER.matcher(name).matches() && !DIRECTIVES.contains(name);
        return plain ? name : quoted(name, '"');
    }

    /** The text between quotes. */
    static String quoted(String text, char quote) {
        StringBuilder quoted = new StringBuilder().append(quote);
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == quote || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(quote).toString();
    }
}
