package dev.spinbpf.tools.snapshot;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfFormatException;
import dev.spinbpf.programs.btf.BtfReader;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bytes that {@link SnapshotWriter} made. They may be anything: a count is believed only as far as the bytes
 * reach, and what does not fit is a {@link SnapshotException}.
 */
public final class SnapshotReader {
    private static final int MOST_CPUS = 4096;
    private static final int SMALLEST_ELEMENT = 8;
    private static final int SMALLEST_MAP = 64;
    private static final int DEEPEST_INNER = 2;

    private final String file;
    private final ByteBuffer in;

    private SnapshotReader(String file, byte[] bytes) {
        this.file = file;
        this.in = ByteBuffer.wrap(bytes);
    }

    /**
     * Reads a snapshot.
     *
     * @param file where it comes from, for messages
     */
    public static MapSnapshot read(String file, byte[] bytes) throws SnapshotException {
        SnapshotReader reader = new SnapshotReader(file, bytes);
        try {
            reader.header();
            return reader.body();
        } catch (BufferUnderflowException e) {
            throw reader.damaged("it ends in the middle of something");
        } catch (BtfFormatException e) {
            throw reader.damaged("its types cannot be read: " + e.getMessage());
        }
    }

    private SnapshotException damaged(String why) {
        return new SnapshotException(file + ": is damaged at byte " + in.position() + ": " + why);
    }

    private void header() throws SnapshotException {
        byte[] magic = new byte[SnapshotWriter.MAGIC.length];
        if (in.remaining() < SnapshotWriter.HEADER_BYTES) {
            throw new SnapshotException(file + ": is no snapshot of maps: it has " + in.remaining() + " bytes");
        }
        in.get(magic);
        if (!Arrays.equals(magic, SnapshotWriter.MAGIC)) {
            throw new SnapshotException(file + ": is no snapshot of maps");
        }
        int version = in.getInt();
        if (version != SnapshotWriter.VERSION) {
            throw new SnapshotException(file + ": is of version " + Integer.toUnsignedString(version) + "; version "
                    + SnapshotWriter.VERSION + " is read");
        }
        int expected = in.getInt();
        long length = in.getLong();
        if (length != in.remaining()) {
            throw damaged("its header says " + length + " bytes, there are " + in.remaining());
        }
        if (Checksum.of(in) != expected) {
            throw damaged("its checksum does not fit");
        }
    }

    private MapSnapshot body() throws SnapshotException, BtfFormatException {
        int cpus = number("CPUs", 1, MOST_CPUS);
        int typeCount = number("types", 0, in.remaining() / Integer.BYTES);
        List<Btf> types = new ArrayList<>();
        for (int i = 0; i < typeCount; i++) {
            types.add(BtfReader.read(required("types")));
        }
        int count = number("maps", 0, in.remaining() / SMALLEST_MAP);
        List<MapSnapshot.SavedMap> maps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            maps.add(map(types));
        }
        if (in.hasRemaining()) {
            throw damaged(in.remaining() + " bytes too many");
        }
        return new MapSnapshot(cpus, List.copyOf(maps));
    }

    private MapSnapshot.SavedMap map(List<Btf> types) throws SnapshotException {
        Btf own = types.get(number("index of types", 0, types.size() - 1));
        MapDef def = definition(own, 0);
        int count = number("elements", 0, in.remaining() / SMALLEST_ELEMENT);
        List<MapSnapshot.Element> elements = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            elements.add(new MapSnapshot.Element(required("key"), required("value")));
        }
        return new MapSnapshot.SavedMap(def, own, List.copyOf(elements));
    }

    private MapDef definition(Btf types, int depth) throws SnapshotException {
        if (depth == DEEPEST_INNER) {
            throw damaged("maps are in maps that are in maps");
        }
        String name = text();
        int number = in.getInt();
        MapType type = MapType.of(number).orElse(null);
        if (name == null || type == null) {
            throw damaged(name == null ? "a map has no name" : "there are no maps of type " + number);
        }
        int keySize = in.getInt();
        int valueSize = in.getInt();
        long maxEntries = in.getLong();
        long flags = in.getLong();
        long extra = in.getLong();
        int node = in.getInt();
        int keyType = number("key type", 0, types.size() - 1);
        int valueType = number("value type", 0, types.size() - 1);
        byte[] data = bytes();
        boolean readOnly = in.get() != 0;
        String section = text();
        MapDef inner = in.get() != 0 ? definition(types, depth + 1) : null;
        if (data != null && data.length != valueSize) {
            throw damaged("map '" + name + "' has " + data.length + " bytes, not " + valueSize);
        }
        return MapDef.builder(name, type)
                .keySize(keySize)
                .valueSize(valueSize)
                .maxEntries(maxEntries)
                .flags(flags)
                .mapExtra(extra)
                .numaNode(node)
                .typeIds(keyType, valueType)
                .inner(inner)
                .initialData(data)
                .readOnly(readOnly)
                .section(section)
                .build();
    }

    private int number(String what, int least, int most) throws SnapshotException {
        int value = in.getInt();
        if (value < least || value > most) {
            throw damaged("the number of " + what + " is " + Integer.toUnsignedString(value));
        }
        return value;
    }

    private byte[] required(String what) throws SnapshotException {
        byte[] value = bytes();
        if (value == null) {
            throw damaged("there is no " + what);
        }
        return value;
    }

    private byte @Nullable [] bytes() throws SnapshotException {
        int length = in.getInt();
        if (length == -1) {
            return null;
        }
        if (length < 0 || length > in.remaining()) {
            throw damaged("a length is " + Integer.toUnsignedString(length));
        }
        byte[] value = new byte[length];
        in.get(value);
        return value;
    }

    private @Nullable String text() throws SnapshotException {
        byte[] value = bytes();
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }
}
