package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Reads what the user names on the command line. */
final class InputFiles {
    private static final String HEX_PREFIX = "hex:";
    private static final String SOURCE_SUFFIX = ".c";
    private static final int MAX_STREAM_BYTES = 64 << 20;
    private static final int MAX_CONFIG_BYTES = 8 << 20;
    private static final int MOST_LISTED = 20;
    private static final int MOST_SHOWN = 40;

    private InputFiles() {}

    /** The object or text program in the file, its CO-RE relocations resolved against the kernel's types if given. */
    static ProgramObject read(Path file, Btf kernelTypes) throws InputException {
        return read(file, ReadOptions.DEFAULT.withTargetTypes(kernelTypes));
    }

    /** The object or text program in the file, read for a kernel. */
    static ProgramObject read(Path file, ReadOptions kernel) throws InputException {
        return read(shown(file), bytesOf(file, true), kernel);
    }

    /** The object or text program in a file's bytes. */
    static ProgramObject read(String name, byte[] bytes, ReadOptions kernel) throws InputException {
        try {
            return name.endsWith(Assembler.FILE_SUFFIX)
                    ? Assembler.assemble(name, bytes, kernel)
                    : ObjectReader.read(name, bytes, kernel);
        } catch (MalformedObjectException | AssemblyException e) {
            String remedy = name.endsWith(SOURCE_SUFFIX) ? "; compile it first: clang -O2 -g -target bpf -c" : "";
            throw new InputException(e.getMessage() + remedy);
        }
    }

    /** Says what a loaded program uses that is not built here. */
    static void printMissing(String file, LoadedProgram program, PrintWriter err) {
        program.missing().stream()
                .limit(MOST_LISTED)
                .forEach(what -> err.println("spinbpf: " + file + ": warning: " + program.name() + ": " + what
                        + "; a run that comes to it ends with a fault"));
    }

    /** Says what of an object has no effect here. */
    static void printNotes(ProgramObject object, PrintWriter err) {
        object.notes().stream()
                .limit(MOST_LISTED)
                .forEach(note -> err.println("spinbpf: " + object.fileName() + ": note: " + note));
        if (object.notes().size() > MOST_LISTED) {
            err.println("spinbpf: " + object.fileName() + ": " + (object.notes().size() - MOST_LISTED) + " more notes");
        }
    }

    /** The kernel's types in the file (raw BTF or an ELF file with a .BTF section), or none. */
    static Btf kernelTypes(@Nullable Path file) throws InputException {
        return kernelTypes(file == null ? null : open(file));
    }

    /** A file that may be a pipe, and is read once. */
    static NamedFile open(Path file) throws InputException {
        return new NamedFile(shown(file), ByteString.of(bytesOf(file, true)));
    }

    /** The kernel's types in a file's bytes, or none. */
    static Btf kernelTypes(@Nullable NamedFile file) throws InputException {
        if (file == null) {
            return Btf.EMPTY;
        }
        try {
            return ObjectReader.readTypes(file.name(), file.contents().toArray());
        } catch (MalformedObjectException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    /** The configuration in the file, which may be compressed ({@code /proc/config.gz}): values by names; empty for no file. */
    static Map<String, String> kernelConfig(@Nullable Path file) throws InputException {
        if (file == null) {
            return Map.of();
        }
        byte[] bytes = bytesOf(file, true);
        boolean isCompressed = bytes.length > 1 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b;
        if (isCompressed) {
            try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                bytes = in.readNBytes(MAX_CONFIG_BYTES + 1);
            } catch (IOException e) {
                throw new InputException(shown(file) + ": is not compressed as gzip does: " + e.getMessage());
            }
        }
        if (bytes.length > MAX_CONFIG_BYTES) {
            throw new InputException(shown(file) + ": has more than " + MAX_CONFIG_BYTES + " bytes");
        }
        Map<String, String> values = new HashMap<>();
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n", -1)) {
            int equals = line.indexOf('=');
            if (line.startsWith("CONFIG_") && equals > 0) {
                values.putIfAbsent(
                        line.substring(0, equals), line.substring(equals + 1).strip());
            }
        }
        if (values.isEmpty()) {
            throw new InputException(shown(file) + ": has no line CONFIG_NAME=VALUE, as a kernel's configuration has");
        }
        return values;
    }

    /** Bytes given as a file's name or, after {@code hex:}, in hexadecimal digits. */
    static byte[] contextBytes(String option) throws InputException {
        if (!option.startsWith(HEX_PREFIX)) {
            try {
                return bytesOf(Path.of(option), false);
            } catch (InvalidPathException e) {
                throw new InputException("'" + Printable.line(option) + "' is no file name: " + e.getReason());
            }
        }
        String digits = option.substring(HEX_PREFIX.length()).replaceAll("[\\s:,]", "");
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException e) {
            throw new InputException("'" + HEX_PREFIX + Printable.line(excerpt(digits))
                    + "' is not hexadecimal digits in pairs (" + Printable.line(String.valueOf(e.getMessage()))
                    + "); write them as in hex:45000054");
        }
    }

    /** The program of that name; or, without a name, the only one. */
    static Program program(ProgramObject object, @Nullable String name) throws InputException {
        List<String> names = object.programs().stream().map(Program::name).toList();
        for (Program program : object.programs()) {
            if (program.name().equals(name) || (name == null && names.size() == 1)) {
                return program;
            }
        }
        List<Program> members = MemberNames.named(object, name);
        if (members.size() == 1) {
            return members.getFirst();
        }
        for (UnlinkedProgram program : object.unlinked()) {
            if (program.name().equals(name)) {
                throw new InputException(object.fileName() + ": program " + Printable.line(program.name())
                        + " cannot be linked: " + program.reason());
            }
        }
        String known = "it has " + listed(names);
        throw new InputException(
                name == null
                        ? object.fileName() + ": name one of its programs with --prog; " + known
                        : object.fileName() + ": no program named " + Printable.line(name) + "; " + known);
    }

    /** Refuses names that no program of the object has. */
    static void requirePrograms(ProgramObject object, List<String> names) throws InputException {
        for (String name : names) {
            if (object.unlinked().stream().noneMatch(program -> program.name().equals(name))) {
                program(object, name);
            }
        }
    }

    /** Names for a message: the first of them, and how many there are more. */
    static String listed(Collection<String> names) {
        return names.isEmpty() ? "none" : Printable.listed(names);
    }

    private static String excerpt(String text) {
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    }

    /** Returns the file's name without its directory. */
    static String nameOf(Path file) {
        return String.valueOf(file.getFileName() == null ? file : file.getFileName());
    }

    /** The file's name for messages, on one line. */
    static String shown(Path file) {
        return Printable.line(file.toString());
    }

    /**
     * The file's bytes. What is no regular file (a pipe, a device) is read up to {@link #MAX_STREAM_BYTES}: it need not
     * end.
     *
     * @param needed whether an empty file is refused
     */
    static byte[] bytesOf(Path file, boolean needed) throws InputException {
        String name = shown(file);
        if (Files.isDirectory(file)) {
            throw new InputException(name + ": is a directory; name the files in it");
        }
        int most = Files.isRegularFile(file) ? ObjectReader.MAX_FILE_BYTES : MAX_STREAM_BYTES;
        try (InputStream in = Files.newInputStream(file)) {
            if (Files.size(file) > most) {
                throw new InputException(name + ": has " + Files.size(file) + " bytes; at most " + most + " are read");
            }
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new InputException(name + ": does not end within " + most + " bytes, the most that are read");
            }
            if (needed && bytes.length == 0) {
                throw new InputException(name + ": is empty");
            }
            return bytes;
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw new InputException(name + ": no such file");
        } catch (AccessDeniedException e) {
            throw new InputException(name + ": permission denied");
        } catch (FileSystemException e) {
            throw new InputException(name + ": " + (e.getReason() == null ? "cannot be read" : e.getReason()));
        } catch (IOException e) {
            throw new InputException(name + ": " + e.getMessage());
        }
    }
}
