package dev.spinbpf.tools.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One of the process's output streams, in UTF-8; remembers why it could not be written. */
final class Output {
    private static final String BROKEN_PIPE = "Broken pipe";

    private final PrintWriter writer;
    private volatile @Nullable IOException failure;

    Output(FileDescriptor descriptor) {
        this(new FileOutputStream(descriptor));
    }

    Output(OutputStream stream) {
        writer = new PrintWriter(new BufferedOutputStream(new Remembering(stream)), false, StandardCharsets.UTF_8);
    }

    PrintWriter writer() {
        return writer;
    }

    /** Returns the reason why output was lost; null if none was, or if the reader closed the pipe ({@code | head}). */
    @Nullable
    String failure() {
        writer.flush();
        IOException e = failure;
        return e == null || BROKEN_PIPE.equals(e.getMessage()) ? null : String.valueOf(e.getMessage());
    }

    private final class Remembering extends FilterOutputStream {
        Remembering(OutputStream stream) {
            super(stream);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (failure != null) {
                throw new IOException("closed");
            }
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }
}
