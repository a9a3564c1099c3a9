package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what the user names on the command line. */
final class Inputs {
    private static final String HEX_PREFIX = "hex:";
    private static final String TEXT_SUFFIX = ".bpfasm";

    private Inputs() {}

    /** The object or text program in the file, its CO-RE relocations resolved against the kernel's types if given. */
    static ProgramObject read(Path file, Btf kernelTypes) throws InputException {
        byte[] bytes = bytesOf(file);
        try {
            return file.toString().endsWith(TEXT_SUFFIX)
                    ? Assembler.assemble(file.toString(), textOf(file, bytes))
                    : ObjectReader.read(file.toString(), bytes, ReadOptions.DEFAULT.withTargetTypes(kernelTypes));
        } catch (MalformedObjectException | AssemblyException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    /** The kernel's types in the file (raw BTF or an ELF file with a .BTF section), or none. */
    static Btf kernelTypes(@Nullable Path file) throws InputException {
        if (file == null) {
            return Btf.EMPTY;
        }
        try {
            return ObjectReader.readTypes(file.toString(), bytesOf(file));
        } catch (MalformedObjectException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    /** Bytes given as a file's name or, after {@code hex:}, in hexadecimal digits. */
    static byte[] contextBytes(String option) throws InputException {
        if (!option.startsWith(HEX_PREFIX)) {
            return bytesOf(Path.of(option));
        }
        String digits = option.substring(HEX_PREFIX.length()).replaceAll("[\\s:,]", "");
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException e) {
            throw new InputException("--ctx: not hexadecimal digits in pairs: " + e.getMessage());
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
        String known = names.isEmpty() ? "it has none" : "it has " + String.join(", ", names);
        throw new InputException(
                name == null
                        ? object.fileName() + ": name one of its programs with --prog; " + known
                        : object.fileName() + ": no program named " + name + "; " + known);
    }

    private static String textOf(Path file, byte[] bytes) throws InputException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": is not UTF-8 text, as a " + TEXT_SUFFIX + " file has to be");
        }
    }

    static byte[] bytesOf(Path file) throws InputException {
        try {
            if (Files.isDirectory(file)) {
                throw new InputException(file + ": is a directory; name the files in it");
            }
            long size = Files.size(file);
            if (size > ObjectReader.MAX_FILE_BYTES) {
                throw new InputException(
                        file + ": has " + size + " bytes; at most " + ObjectReader.MAX_FILE_BYTES + " are read");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw new InputException(file + ": no such file");
        } catch (AccessDeniedException e) {
            throw new InputException(file + ": permission denied");
        } catch (IOException e) {
            throw new InputException(file + ": " + e.getMessage());
        }
    }
}
