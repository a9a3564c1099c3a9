package dev.spinbpf.tools.report;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/**
 * Lets through what a terminal may show: plain characters, line feeds, tabs and, where colours are used, the sequences
 * of {@link Style}. Whatever a hostile file puts into names, source lines or strings, no control character of it gets
 * out; see {@link Printable}.
 */
public final class PrintableWriter extends FilterWriter {
    private static final char ESCAPE = '\033';
    private static final int LONGEST_SEQUENCE = 5;

    private final boolean coloured;
    private final StringBuilder sequence = new StringBuilder();

    /** @param style whether the sequences of {@link Style} pass */
    public PrintableWriter(Writer out, Style style) {
        super(out);
        this.coloured = style == Style.COLOURED;
    }

    @Override
    public void write(int c) throws IOException {
        put((char) c);
    }

    @Override
    public void write(char[] buffer, int offset, int length) throws IOException {
        for (int i = offset; i < offset + length; i++) {
            put(buffer[i]);
        }
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        for (int i = offset; i < offset + length; i++) {
            put(text.charAt(i));
        }
    }

    private void put(char c) throws IOException {
        if (sequence.isEmpty() && !(coloured && c == ESCAPE)) {
            putOne(c);
            return;
        }
        sequence.append(c);
        if (Style.isSequence(sequence)) {
            out.append(sequence);
            sequence.setLength(0);
        } else if (c == 'm' || sequence.length() == LONGEST_SEQUENCE) {
            release();
        }
    }

    private void putOne(char c) throws IOException {
        if (Printable.isPlain(c) || c == '\n' || c == '\t') {
            out.write(c);
        } else {
            out.write(Printable.escape(c));
        }
    }

    private void release() throws IOException {
        for (int i = 0; i < sequence.length(); i++) {
            putOne(sequence.charAt(i));
        }
        sequence.setLength(0);
    }

    @Override
    public void flush() throws IOException {
        release();
        if (out instanceof PrintWriter printer && printer.checkError()) {
            throw new IOException("the output cannot be written");
        }
        out.flush();
    }

    @Override
    public void close() throws IOException {
        flush();
        out.close();
    }
}
