package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's structs that helpers and kernel functions name. Of those, name, size and the struct at offset 0 are known
 * everywhere; members, but for those of {@code bpf_iter_meta}, are known only where the user gives the kernel's BTF.
 */
public final class KernelStructs {
    private static final String ITERATOR_META = "bpf_iter_meta";
    private final Map<String, Row> rows = new HashMap<>();
    private final Btf opaque;

    KernelStructs(KernelVersion version) {
        for (String[] row : Tables.rows("kernel_structs.tsv", version)) {
            String first = row[3].equals(Tables.NOTHING) ? null : row[3];
            rows.put(row[0], new Row(Integer.parseInt(row[1]), Tables.words(row[2]), first));
        }
        opaque = opaqueTypes();
    }

    private record Row(
            int sizeBytes, Set<String> says, @Nullable String first) {}

    /** Size in bytes, 0 if the struct is not known. */
    public int sizeOf(String name) {
        Row row = rows.get(name);
        return row == null ? 0 : row.sizeBytes;
    }

    /** Returns whether all members are scalars, arrays of them, or structs of which the same is true. */
    public boolean isScalar(String name) {
        return has(name, "scalar");
    }

    /** Returns whether RCU protects objects to which maps keep pointers. */
    public boolean isFreedByRcu(String name) {
        return has(name, "rcu");
    }

    /** Returns whether the kernel knows how to release such objects, so that maps may keep references to them. */
    public boolean isDestructible(String name) {
        return has(name, "destructible");
    }

    private boolean has(String name, String property) {
        Row row = rows.get(name);
        return row != null && row.says.contains(property);
    }

    /** The given types of a kernel, or if there are none, types that have no members. */
    public Btf typesOr(Btf kernelTypes) {
        return kernelTypes.size() > 1 ? kernelTypes : opaque;
    }

    /** Returns whether these are the types without members. */
    public boolean isOpaque(Btf btf) {
        return btf == opaque;
    }

    /** Returns whether an object of one struct begins with the other, or is one. */
    public boolean beginsWith(String outer, String wanted) {
        for (String at = outer; at != null; ) {
            if (at.equals(wanted)) {
                return true;
            }
            Row row = rows.get(at);
            at = row == null ? null : row.first;
        }
        return false;
    }

    /** Returns what each iterator gets first: where it prints, and which object it is at. */
    private static void addIteratorMeta(List<BtfType> types) {
        int meta = indexOf(types, ITERATOR_META);
        types.add(new BtfType.Ptr(indexOf(types, "seq_file")));
        BtfType.Member seq = new BtfType.Member("seq", types.size() - 1, 0, 0);
        types.add(new BtfType.Int("u64", Long.BYTES, Long.SIZE, 0, false, false, false));
        int number = types.size() - 1;
        List<BtfType.Member> members = List.of(
                seq,
                new BtfType.Member("session_id", number, Long.SIZE, 0),
                new BtfType.Member("seq_num", number, 2 * Long.SIZE, 0));
        types.set(meta, new BtfType.Composite(ITERATOR_META, false, 3 * Long.BYTES, members));
        types.add(new BtfType.Composite(ITERATOR_META + "__safe_trusted", false, Long.BYTES, List.of(seq)));
    }

    private static int indexOf(List<BtfType> types, String name) {
        for (int id = 1; id < types.size(); id++) {
            if (types.get(id).name().equals(name)) {
                return id;
            }
        }
        throw new IllegalStateException(name);
    }

    private Btf opaqueTypes() {
        List<BtfType> types = new ArrayList<>();
        types.add(new BtfType.Void());
        for (String name : rows.keySet().stream().sorted().toList()) {
            types.add(new BtfType.Composite(name, false, Objects.requireNonNull(rows.get(name)).sizeBytes, List.of()));
        }
        addIteratorMeta(types);
        return new Btf(types);
    }
}
