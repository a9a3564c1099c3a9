package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.ENAMETOOLONG;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Paths of files, put together from the names of directory entries, where the kernel's types say where those are. An entry
 * that is its own parent is the root; a path that never comes to it begins at the eighth entry.
 */
final class FilePaths {
    private static final int MOST_ENTRIES = 8;
    private static final int LONGEST_NAME = 255;

    private FilePaths() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_d_path", (_, path, buffer, size, _, _) -> copy(kernel, path, buffer, size & 0xffff_ffffL));
        table.kfunc("bpf_path_d_path", (_, path, buffer, size, _, _) -> copy(kernel, path, buffer, size));
    }

    /** Copies a path with its zero byte; returns how many bytes that were, or that there is no room. */
    private static long copy(EmulatedKernel kernel, long path, long buffer, long size) {
        if (size == 0) {
            return 0;
        }
        byte[] text = text(kernel.tasks().types(), path);
        if (text.length + 1 > size) {
            return -ENAMETOOLONG;
        }
        GuestMemory.copyIn(text, 0, buffer, text.length);
        GuestMemory.putByte(buffer + text.length, (byte) 0);
        return text.length + 1L;
    }

    private static byte[] text(Btf types, long path) {
        long dentry = pointer(path, offsetOf(types, "path", "dentry"));
        int parentOffset = offsetOf(types, "dentry", "d_parent");
        int nameOffset = offsetOf(types, "dentry", "d_name");
        int textOffset = offsetOf(types, "qstr", "name");
        Deque<byte[]> names = new ArrayDeque<>();
        boolean isKnown = parentOffset >= 0 && nameOffset >= 0 && textOffset >= 0;
        while (isKnown && dentry != 0 && names.size() < MOST_ENTRIES) {
            long parent = pointer(dentry, parentOffset);
            if (parent == dentry) {
                break;
            }
            names.push(name(pointer(dentry + nameOffset, textOffset)));
            dentry = parent;
        }
        var text = new ByteArrayOutputStream();
        names.stream().filter(name -> name.length > 0).forEach(name -> {
            text.write('/');
            text.writeBytes(name);
        });
        return text.size() == 0 ? new byte[] {'/'} : text.toByteArray();
    }

    /** A name without the slashes that would make two of it. */
    private static byte[] name(long address) {
        var name = new StringBuilder();
        for (int i = 0; i < LONGEST_NAME && GuestMemory.exists(address + i, 1); i++) {
            byte c = GuestMemory.getByte(address + i);
            if (c == 0) {
                break;
            }
            name.append((char) (c & 0xff));
        }
        return name.toString().replace("/", "").getBytes(StandardCharsets.ISO_8859_1);
    }

    private static long pointer(long object, int offset) {
        boolean isThere = offset >= 0 && object != 0 && GuestMemory.exists(object + offset, Long.BYTES);
        return isThere ? GuestMemory.getLong(object + offset) : 0;
    }

    /** The offset of a member of a struct or of the unnamed ones in it; -1 where the types have none. */
    private static int offsetOf(Btf types, String struct, String member) {
        int id = types.find(struct, BtfType.Composite.class);
        return id > 0 && types.type(id) instanceof BtfType.Composite found ? offsetOf(types, found, member) : -1;
    }

    private static int offsetOf(Btf types, BtfType.Composite struct, String member) {
        for (BtfType.Member each : struct.members()) {
            int offset = (int) (each.bitOffset() / Byte.SIZE);
            if (each.name().equals(member)) {
                return offset;
            }
            boolean isOpen = each.name().isEmpty() && types.resolved(each.typeId()) instanceof BtfType.Composite;
            int inner = isOpen ? offsetOf(types, (BtfType.Composite) types.resolved(each.typeId()), member) : -1;
            if (inner >= 0) {
                return offset + inner;
            }
        }
        return -1;
    }
}
