package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.MapValueTypes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A map of the object as the verifier sees it; compared by identity. */
public final class MapInfo {
    private final MapDef def;
    private final int index;
    private final Btf btf;
    private final BtfRecord record;
    private final @Nullable MapInfo inner;
    private final boolean hasBtf;

    /**
     * Finds the special fields of the map's values.
     *
     * @param index the map's index in its object; -1 for the template of inner maps
     * @param btf the object's types
     * @param loadable whether Linux takes them
     */
    public MapInfo(MapDef def, int index, Btf btf, boolean loadable) {
        this.def = def;
        this.index = index;
        this.btf = btf;
        BtfRecord kept = loadable ? MapValueTypes.kept(def, btf) : null;
        this.hasBtf = kept != null;
        this.record = Objects.requireNonNullElse(kept, BtfRecord.EMPTY);
        MapDef template = def.inner();
        this.inner = template == null ? null : new MapInfo(template, -1, btf, loadable);
    }

    /** True if the map was made with its types: without them, the special fields of its values cannot be used. */
    public boolean hasBtf() {
        return hasBtf;
    }

    public MapDef def() {
        return def;
    }

    public MapType type() {
        return def.type();
    }

    public String name() {
        return def.kernelName();
    }

    public int index() {
        return index;
    }

    public int keySize() {
        return def.keySize();
    }

    public int valueSize() {
        return def.valueSize();
    }

    /** The types that the map's key and value ids refer to. */
    public Btf btf() {
        return btf;
    }

    /** The special fields of a value. */
    public BtfRecord record() {
        return record;
    }

    /** The template of the maps that this one holds, or null. */
    public @Nullable MapInfo inner() {
        return inner;
    }

    /** True if a value has a special field whose kind satisfies the predicate. */
    public boolean hasField(Predicate<BtfField.Kind> kinds) {
        return record.fields().stream().anyMatch(field -> kinds.test(field.kind()));
    }

    public boolean hasField(BtfField.Kind kind) {
        return record.has(kind);
    }

    @Override
    public String toString() {
        return def.name();
    }

    /**
     * The number at an offset in the value of a map whose contents never change, or null if they may.
     *
     * @param off offset in the value, within it
     */
    public @Nullable Long constant(long off, int size, boolean signExtend) {
        byte[] data = def.initialData();
        boolean frozen = def.readOnly() && def.isGlobalData();
        if (data == null || !frozen || off < 0 || off + size > valueSize()) {
            return null;
        }
        byte[] bytes = new byte[Long.BYTES];
        for (int i = 0; i < size; i++) {
            bytes[i] = off + i < data.length ? data[(int) off + i] : 0;
        }
        long value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        int unused = Long.SIZE - size * Byte.SIZE;
        return signExtend ? value << unused >> unused : value;
    }
}
