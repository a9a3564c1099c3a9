package dev.spinbpf.tools.workload;

import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;

/** Gives the contents of the files that a workload names. */
@FunctionalInterface
public interface FileSource {
    /**
     * Reads a file.
     *
     * @param path as the workload file has it
     * @throws UnreadableFileException where it cannot be read, with the reason
     */
    NamedFile open(String path) throws UnreadableFileException;

    /** Thrown when a file cannot be read; the message names it and the reason. */
    final class UnreadableFileException extends Exception {
        private static final long serialVersionUID = 1L;

        public UnreadableFileException(String message) {
            super(message);
        }
    }
}
