package dev.spinbpf.tools.snapshot;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfWriter;
import dev.spinbpf.programs.model.MapDef;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the bytes of a snapshot; {@link SnapshotReader} reads them. All numbers are big-endian.
 *
 * <pre>
 *   "spinmaps"(8) version(4) CRC-32C of the body(4) bytes of the body(8) | body
 *   body:    CPUs, types, maps
 *   types:   count, then each: length(4) BTF
 *   map:     index of its types, definition, count of elements(4), then each: key, value
 *   bytes:   length(4), then the bytes; -1 for none
 * </pre>
 */
public final class SnapshotWriter {
    static final byte[] MAGIC = "spinmaps".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 1;
    static final int HEADER_BYTES = 24;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private SnapshotWriter() {}

    /** Returns the bytes of a snapshot. */
    public static byte[] write(MapSnapshot snapshot) {
        SnapshotWriter writer = new SnapshotWriter();
        try {
            writer.body(snapshot);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] body = writer.bytes.toByteArray();
        return ByteBuffer.allocate(HEADER_BYTES + body.length)
                .put(MAGIC)
                .putInt(VERSION)
                .putInt(Checksum.of(body))
                .putLong(body.length)
                .put(body)
                .array();
    }

    private void body(MapSnapshot snapshot) throws IOException {
        out.writeInt(snapshot.cpus());
        List<Btf> types = new ArrayList<>();
        for (MapSnapshot.SavedMap map : snapshot.maps()) {
            if (indexOf(types, map.types()) < 0) {
                types.add(map.types());
            }
        }
        out.writeInt(types.size());
        for (Btf each : types) {
            bytes(BtfWriter.write(each));
        }
        out.writeInt(snapshot.maps().size());
        for (MapSnapshot.SavedMap map : snapshot.maps()) {
            out.writeInt(indexOf(types, map.types()));
            definition(map.def());
            out.writeInt(map.elements().size());
            for (MapSnapshot.Element element : map.elements()) {
                bytes(element.key());
                bytes(element.value());
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // types are as large as an object's; the same ones are one instance
    private static int indexOf(List<Btf> types, Btf wanted) {
        for (int i = 0; i < types.size(); i++) {
            if (types.get(i) == wanted) {
                return i;
            }
        }
        return -1;
    }

    private void definition(MapDef def) throws IOException {
        text(def.name());
        out.writeInt(def.type().number());
        out.writeInt(def.keySize());
        out.writeInt(def.valueSize());
        out.writeLong(def.maxEntries());
        out.writeLong(def.flags());
        out.writeLong(def.mapExtra());
        out.writeInt(def.numaNode());
        out.writeInt(def.keyTypeId());
        out.writeInt(def.valueTypeId());
        bytes(def.initialData());
        out.writeBoolean(def.readOnly());
        text(def.section());
        MapDef inner = def.inner();
        out.writeBoolean(inner != null);
        if (inner != null) {
            definition(inner);
        }
    }

    private void text(@Nullable String text) throws IOException {
        bytes(text == null ? null : text.getBytes(StandardCharsets.UTF_8));
    }

    private void bytes(byte @Nullable [] value) throws IOException {
        out.writeInt(value == null ? -1 : value.length);
        if (value != null) {
            out.write(value);
        }
    }
}
