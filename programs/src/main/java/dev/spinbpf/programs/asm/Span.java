package dev.spinbpf.programs.asm;

import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/**
 * A place in the source text.
 *
 * @param line line number, from 1
 * @param column column of the first character, from 1
 * @param length number of characters, at least 1
 */
record Span(int line, int column, int length) {
    static Span of(Token token) {
        int length = token.getStopIndex() - token.getStartIndex() + 1;
        return new Span(token.getLine(), token.getCharPositionInLine() + 1, Math.max(1, length));
    }

    static Span of(ParserRuleContext context) {
        Token first = context.getStart();
        Token last = context.getStop() == null ? first : context.getStop();
        Span start = of(first);
        return last.getLine() == first.getLine()
                ? new Span(start.line, start.column, Math.max(1, last.getStopIndex() - first.getStartIndex() + 1))
                : start;
    }
}
