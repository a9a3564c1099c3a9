package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arguments of kernel functions whose declaration says what they are. */
final class KfuncArgKinds {
    private final List<Row> rows = new ArrayList<>();

    private record Row(boolean isSuffix, String mark, KfuncArgKind kind) {
        boolean fits(KernelType type, String name) {
            return isSuffix ? name.endsWith(mark) : type.pointsTo(mark);
        }
    }

    KfuncArgKinds(KernelVersion version) {
        for (String[] row : Tables.rows("kfunc_args.tsv", version)) {
            rows.add(new Row(row[0].equals("suffix"), row[1], KfuncArgKind.valueOf(row[2])));
        }
    }

    /** The kind of a pointer of that type and name; null if what is passed decides. */
    @Nullable
    KfuncArgKind find(KernelType type, String name) {
        for (Row row : rows) {
            if (row.fits(type, name)) {
                return row.kind;
            }
        }
        return null;
    }
}
