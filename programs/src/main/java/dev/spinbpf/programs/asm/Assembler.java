package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmLexer;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.LineContext;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonToken;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.ListTokenSource;
import org.antlr.v4.runtime.Token;

/**
 * Reads text programs: instructions in the kernel's own disassembly syntax, with labels, and lines that declare
 * programs, functions, maps, global data and types. {@code docs/assembly.md} describes the language.
 *
 * <p>Lines are independent of each other as far as syntax goes: each one is scanned, parsed and checked by itself, so
 * that a mistake in one does not hide those in others, and memory for syntax is that of one line.
 */
public final class Assembler {
    /** Ends the names of files of text programs. */
    public static final String FILE_SUFFIX = ".bpfasm";

    /** Longest text, in characters. */
    public static final int MAX_TEXT_CHARS = 32 << 20;

    private static final int MAX_LINE_CHARS = 1 << 15;

    private final Diagnostics diagnostics;
    private final ObjectDraft object;
    private final BpfAsmLexer lexer;
    private final BpfAsmParser parser = new BpfAsmParser(new CommonTokenStream(new ListTokenSource(List.of())));

    private Assembler(String fileName, String text, List<String> lines) {
        diagnostics = new Diagnostics(fileName, lines);
        object = new ObjectDraft(fileName, lines, diagnostics);
        lexer = new BpfAsmLexer(CharStreams.fromString(text, fileName));
        lexer.removeErrorListeners();
        parser.removeErrorListeners();
        parser.addErrorListener(new StatementErrors.Listener(diagnostics));
        parser.setErrorHandler(new StatementErrors());
    }

    /**
     * Assembles a file for a loader.
     *
     * @param fileName the file's name as the user gave it, for messages and for the names of global data
     * @param options what the loader sets; of that only types, configuration and the number of CPUs, which texts do not refer to
     * @throws MalformedObjectException if the bytes are not UTF-8, or if variables or sizes of maps are set, which a text says itself
     * @throws AssemblyException if the text has mistakes: it tells all of them (at most 50)
     */
    public static ProgramObject assemble(String fileName, byte[] utf8, ReadOptions options)
            throws MalformedObjectException, AssemblyException {
        if (!options.presets().isEmpty()
                || !options.mapEntries().isEmpty()
                || !options.mapValueSizes().isEmpty()) {
            throw new MalformedObjectException(
                    fileName,
                    "",
                    -1,
                    "variables and sizes of maps can be set in objects only; change the text instead");
        }
        return assemble(fileName, utf8);
    }

    /**
     * Assembles a file.
     *
     * @param fileName the file's name as the user gave it, for messages and for the names of global data
     * @throws MalformedObjectException if the bytes are not UTF-8
     * @throws AssemblyException if the text has mistakes: it tells all of them (at most 50)
     */
    public static ProgramObject assemble(String fileName, byte[] utf8)
            throws MalformedObjectException, AssemblyException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new MalformedObjectException(
                    fileName, "", -1, "is not UTF-8 text, as a " + FILE_SUFFIX + " file has to be");
        }
        return assemble(fileName, text);
    }

    /**
     * Assembles a text.
     *
     * @param fileName the file's name as the user gave it, for messages and for the names of global data
     * @throws AssemblyException if the text has mistakes: it tells all of them (at most 50)
     */
    public static ProgramObject assemble(String fileName, String text) throws AssemblyException {
        if (text.length() > MAX_TEXT_CHARS) {
            Diagnostics tooLong = new Diagnostics(fileName, List.of());
            tooLong.error(
                    new Span(1, 1, 1),
                    "the text has " + text.length() + " characters, expected at most " + MAX_TEXT_CHARS);
            tooLong.throwIfAny();
        }
        return new Assembler(fileName, text, List.of(text.split("\n", -1))).assemble();
    }

    private ProgramObject assemble() throws AssemblyException {
        List<Token> line = new ArrayList<>();
        for (Token token = lexer.nextToken(); !diagnostics.full(); token = lexer.nextToken()) {
            boolean end = token.getType() == Token.EOF;
            if (end || token.getType() == BpfAsmLexer.NEWLINE) {
                statement(line, token);
                line.clear();
            } else if (token.getChannel() != Token.DEFAULT_CHANNEL) {
                comment(token);
            } else if (line.isEmpty() || length(line, token) <= MAX_LINE_CHARS) {
                line.add(token);
            }
            if (end) {
                break;
            }
        }
        return object.build();
    }

    private static int length(List<Token> line, Token next) {
        return next.getStartIndex() - line.getFirst().getStartIndex();
    }

    private void comment(Token token) {
        if (token.getType() == BpfAsmLexer.BLOCK_COMMENT
                && (!token.getText().endsWith("*/") || token.getText().length() < "/**/".length())) {
            diagnostics.error(
                    new Span(token.getLine(), token.getCharPositionInLine() + 1, 2), "comment without an end");
        }
    }

    private void statement(List<Token> tokens, Token end) {
        if (tokens.isEmpty()) {
            return;
        }
        if (length(tokens, end) > MAX_LINE_CHARS) {
            diagnostics.error(Span.of(tokens.getFirst()), "line of more than " + MAX_LINE_CHARS + " characters");
            return;
        }
        for (Token token : tokens) {
            boolean open = token.getType() == BpfAsmLexer.UNTERMINATED;
            if (open || token.getType() == BpfAsmLexer.UNKNOWN) {
                diagnostics.error(Span.of(token), open ? "string without an end" : "unexpected character");
                return;
            }
        }
        CommonToken eof = new CommonToken(end);
        eof.setType(Token.EOF);
        tokens.add(eof);
        int before = diagnostics.count();
        parser.setTokenStream(new CommonTokenStream(new ListTokenSource(tokens)));
        LineContext context = parser.line();
        if (diagnostics.count() == before) {
            object.read(context);
        }
    }
}
