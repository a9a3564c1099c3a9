package dev.spinbpf.vm.task;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The places of the members of a kernel struct, in one version of it, by name. Members of the structs in {@code opened} go
 * by the names of both: {@code scx.slice}.
 */
final class StructFields {
    private static final String THREAD_INFO = "thread_info";

    private final int sizeBytes;
    private final Map<String, Field> fields = new HashMap<>();

    /**
     * A member.
     *
     * @param offset in bytes
     * @param size in bytes
     */
    private record Field(long offset, long size) {}

    private StructFields(int sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    /**
     * Returns the places by types; none where they have no such struct.
     *
     * @param sizeBytes what an object has here; members beyond it are left out
     * @param opened members that are structs whose members count too
     */
    static StructFields of(Btf types, String struct, int sizeBytes, Set<String> opened) {
        StructFields fields = new StructFields(sizeBytes);
        int id = types.find(struct, BtfType.Composite.class);
        if (id > 0 && types.type(id) instanceof BtfType.Composite found) {
            fields.add(types, found, 0, "", opened);
        }
        return fields;
    }

    boolean isEmpty() {
        return fields.isEmpty();
    }

    private void add(Btf types, BtfType.Composite struct, long base, String prefix, Set<String> opened) {
        for (BtfType.Member member : struct.members()) {
            long offset = base + member.bitOffset() / Byte.SIZE;
            String name = member.name();
            boolean hasNoName = name.isEmpty() || name.equals(THREAD_INFO);
            boolean isOpened = hasNoName || opened.contains(name);
            if (isOpened && types.resolved(member.typeId()) instanceof BtfType.Composite inner) {
                add(types, inner, offset, hasNoName ? prefix : name + ".", opened);
            } else if (member.bitSize() == 0) {
                fields.putIfAbsent(prefix + name, new Field(offset, types.sizeOf(member.typeId())));
            }
        }
    }

    /** Writes a number of four or eight bytes; nothing happens where the struct has no such member. */
    void number(long object, String name, long value) {
        Field field = fields.get(name);
        if (field == null || field.offset + field.size > sizeBytes) {
            return;
        }
        if (field.size == Integer.BYTES) {
            GuestMemory.putInt(object + field.offset, (int) value);
        } else if (field.size == Long.BYTES) {
            GuestMemory.putLong(object + field.offset, value);
        }
    }

    /** Writes a text that lies in the struct itself. */
    void text(long object, String name, String value) {
        Field field = fields.get(name);
        if (field != null && field.size > 0 && field.offset + field.size <= sizeBytes) {
            byte[] bytes = Arrays.copyOf(value.getBytes(StandardCharsets.UTF_8), (int) field.size);
            bytes[bytes.length - 1] = 0;
            GuestMemory.copyIn(bytes, 0, object + field.offset, bytes.length);
        }
    }

    /** Returns the address of a member; 0 where the struct has no such one. */
    long addressOf(long object, String name) {
        Field field = fields.get(name);
        return field == null || field.offset + field.size > sizeBytes ? 0 : object + field.offset;
    }
}
