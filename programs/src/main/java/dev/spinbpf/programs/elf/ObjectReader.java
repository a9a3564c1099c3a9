package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatException;
import dev.spinbpf.programs.btf.BtfReader;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads object files that clang made for BPF, and does to them what libbpf does between the file and the kernel: finds
 * programs and maps, links subprograms, resolves references, relocates against other types.
 *
 * <p>A file that is not what it should be gives a {@link MalformedObjectException} and nothing else. Memory is bounded
 * by a multiple of the file's size, plus these limits: {@link #MAX_FILE_BYTES} for the file,
 * {@link ProgramObject#MAX_DATA_BYTES} of global variables, {@link KernelLimits#BPF_COMPLEXITY_LIMIT_INSNS}
 * instructions for a linked program, {@link ProgramObject#MAX_SLOTS} for all programs of a file together (the ones
 * beyond are reported as unlinked).
 */
public final class ObjectReader {
    /** Largest file that is read. */
    public static final int MAX_FILE_BYTES = 256 << 20;

    private ObjectReader() {}

    /** Returns true if the bytes begin like an object file. */
    public static boolean isObject(byte[] bytes) {
        return ElfFile.isElf(ByteBuffer.wrap(bytes));
    }

    /**
     * Reads an object file.
     *
     * @throws IOException if the file cannot be read
     * @throws MalformedObjectException if it is no object, or a broken one
     */
    public static ProgramObject read(Path file, ReadOptions options) throws IOException, MalformedObjectException {
        return read(file.toString(), bytesOf(file), options);
    }

    /**
     * Reads an object from memory.
     *
     * @param fileName name or path, for messages; maps of global data get their names from it
     */
    public static ProgramObject read(String fileName, byte[] bytes, ReadOptions options)
            throws MalformedObjectException {
        return new ObjectAssembly(fileName, ElfFile.read(fileName, ByteBuffer.wrap(bytes)), options).assemble();
    }

    /**
     * Reads types: a raw BTF file such as {@code /sys/kernel/btf/vmlinux}, or an ELF file with a section {@code .BTF}.
     *
     * @throws IOException if the file cannot be read
     * @throws MalformedObjectException if it holds no types, or broken ones
     */
    public static Btf readTypes(Path file) throws IOException, MalformedObjectException {
        return readTypes(file.toString(), bytesOf(file));
    }

    /** Reads types from memory; see {@link #readTypes(Path)}. The array must not change afterwards. */
    public static Btf readTypes(String fileName, byte[] bytes) throws MalformedObjectException {
        String section = "";
        try {
            if (!ElfFile.isElf(ByteBuffer.wrap(bytes))) {
                return BtfReader.read(bytes);
            }
            section = LoadedTypes.BTF;
            return BtfReader.read(ElfFile.sectionOfAnyObject(fileName, ByteBuffer.wrap(bytes), section));
        } catch (BtfFormatException e) {
            String reason = e.getMessage();
            throw new MalformedObjectException(fileName, section, e.offset(), reason == null ? "malformed" : reason);
        }
    }

    /**
     * The types of a kernel in their binary form: the section of an ELF file, or all of the bytes. They are checked.
     *
     * @param fileName the name for messages
     */
    public static byte[] rawTypes(String fileName, byte[] bytes) throws MalformedObjectException {
        byte[] types = ElfFile.isElf(ByteBuffer.wrap(bytes))
                ? ElfFile.sectionOfAnyObject(fileName, ByteBuffer.wrap(bytes), LoadedTypes.BTF)
                : bytes;
        readTypes(fileName, types);
        return types;
    }

    private static byte[] bytesOf(Path file) throws IOException, MalformedObjectException {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
            throw new MalformedObjectException(
                    file.toString(), "", -1, "file of " + size + " bytes, more than " + MAX_FILE_BYTES);
        }
        return Files.readAllBytes(file);
    }
}
