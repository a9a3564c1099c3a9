package dev.spinbpf.tools.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;

/** The command line and its part files, for a program that has the parts of a search run on other machines. */
public final class ExploreParts {
    private ExploreParts() {}

    /**
     * The end of a command.
     *
     * @param code the exit code: 2 where the command could not be done
     * @param out its standard output
     * @param err its messages
     */
    public record Outcome(int code, String out, String err) {
        /** Returns true where the command could not be done. */
        public boolean isUseless() {
            return code >= ExitCodes.USAGE;
        }
    }

    /** Runs {@code spinbpf} with these arguments. */
    public static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Outcome(code, out.toString(), err.toString());
    }

    /**
     * Gives a part the name of the files that were explored, where it was searched on copies of them.
     *
     * @throws IOException the file is no part, or cannot be written
     */
    public static void rename(Path part, String name) throws IOException {
        try {
            PartFile.Part read = PartFile.read(part);
            PartFile.write(part, new PartFile.Part(name, read.identity(), read.report()));
        } catch (InputException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
