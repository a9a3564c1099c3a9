package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.DefaultErrorStrategy;
import org.antlr.v4.runtime.InputMismatchException;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.Vocabulary;
import org.antlr.v4.runtime.misc.IntervalSet;
import org.jspecify.annotations.Nullable;

/**
 * Recovery from a syntax error: gives up the statement and reports its first mistake. Nothing is guessed, since the
 * next line is parsed on its own.
 */
final class StatementErrors extends DefaultErrorStrategy {
    private static final int MAX_EXPECTED = 6;

    @Override
    public void recover(Parser parser, RecognitionException e) {
        while (parser.getCurrentToken().getType() != Token.EOF) {
            parser.consume();
        }
    }

    @Override
    public Token recoverInline(Parser parser) {
        throw new InputMismatchException(parser);
    }

    @Override
    public void sync(Parser parser) {
        // Nothing is skipped or inserted.
    }

    @Override
    public void reportError(Parser parser, RecognitionException e) {
        if (inErrorRecoveryMode(parser)) {
            return;
        }
        beginErrorCondition(parser);
        Token token = e.getOffendingToken();
        parser.notifyErrorListeners(token, "unexpected " + shown(token) + expected(parser, e), e);
    }

    private static String shown(Token token) {
        return token.getType() == Token.EOF ? "end of line" : "'" + token.getText() + "'";
    }

    private static String expected(Parser parser, RecognitionException e) {
        IntervalSet expected = e.getExpectedTokens();
        if (expected == null || expected.size() == 0 || expected.size() > MAX_EXPECTED) {
            return "";
        }
        StringBuilder text = new StringBuilder(", expected ");
        String separator = "";
        for (int type : expected.toList()) {
            text.append(separator).append(shown(parser.getVocabulary(), type));
            separator = " or ";
        }
        return text.toString();
    }

    private static String shown(Vocabulary vocabulary, int type) {
        return switch (type) {
            case Token.EOF -> "end of line";
            case BpfAsmParser.REG -> "a register";
            case BpfAsmParser.INT -> "a number";
            case BpfAsmParser.IDENT -> "a name";
            case BpfAsmParser.STRING -> "a string";
            default -> vocabulary.getDisplayName(type);
        };
    }

    /** Passes what the parser reports on. */
    static final class Listener extends BaseErrorListener {
        private final Diagnostics diagnostics;

        Listener(Diagnostics diagnostics) {
            this.diagnostics = diagnostics;
        }

        @Override
        public void syntaxError(
                Recognizer<?, ?> recognizer,
                Object offendingSymbol,
                int line,
                int charPositionInLine,
                String message,
                @Nullable RecognitionException e) {
            Span at =
                    offendingSymbol instanceof Token token ? Span.of(token) : new Span(line, charPositionInLine + 1, 1);
            diagnostics.error(at, message);
        }
    }
}
