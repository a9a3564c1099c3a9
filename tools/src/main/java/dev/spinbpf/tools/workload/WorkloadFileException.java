package dev.spinbpf.tools.workload;

import java.util.List;

/** Thrown when a workload file has mistakes; each has a line that begins with file, line and column. */
public final class WorkloadFileException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> mistakes;

    WorkloadFileException(List<String> mistakes) {
        super(String.join("\n", mistakes));
        this.mistakes = List.copyOf(mistakes);
    }

    /** Returns a line for each mistake, in the order of the file. */
    public List<String> mistakes() {
        return mistakes;
    }
}
