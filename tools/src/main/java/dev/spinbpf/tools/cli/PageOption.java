package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.tools.report.page.RefusalPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --html}: a page about what was refused, beside the report. */
final class PageOption {
    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = {
                "Also write a page that shows each refused program: its source, and the path that is refused with registers and"
                        + " held locks at each step."
            })
    private @Nullable Path file;

    private final RefusalPage page = new RefusalPage();

    /** Returns whether the page is wanted; it needs the log of each program. */
    boolean isWanted() {
        return file != null;
    }

    /** Adds a row, if the page is wanted. */
    void add(VerifyRow row) {
        if (file != null) {
            page.add(row);
        }
    }

    /** Writes the page, if it is wanted. */
    void write() throws InputException {
        if (file != null) {
            write(file, page.html());
        }
    }

    /** Writes a page into a file. */
    static void write(Path file, String html) throws InputException {
        try {
            Files.writeString(file, html);
        } catch (IOException e) {
            throw new InputException(InputFiles.shown(file) + ": cannot write the page: " + e.getMessage());
        }
    }
}
