package dev.spinbpf.tools.cli;

import java.nio.file.Path;

/** The line that says which of many files is waited for. */
final class FileProgress {
    private final Progress progress = Progress.ofStandardError();
    private final int files;
    private int number;

    /** @param files how many there are */
    FileProgress(int files) {
        this.files = files;
    }

    /** Says which file comes next. */
    void step(Path file) {
        number++;
        progress.step(files == 1 ? file.toString() : "[" + number + "/" + files + "] " + file.getFileName());
    }

    /** Takes the line away, before something else is printed. */
    void clear() {
        progress.clear();
    }
}
