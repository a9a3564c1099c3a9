package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.ProgType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Types of programs: their helpers, kernel functions and context. */
public final class ProgramTypes {
    private static final String UNKNOWN = "?";

    private static final String BUILT_WITH = "has:";

    private final Map<ProgType, Row> rows = new EnumMap<>(ProgType.class);

    private record Row(String helperSet, String kfuncHook, String context, String kernelContext, Set<String> more) {}

    ProgramTypes(KernelVersion version) {
        for (String[] row : Tables.rows("program_types.tsv", version)) {
            rows.put(ProgType.valueOf(row[0]), new Row(row[1], row[2], row[3], row[4], Tables.words(row[5])));
        }
    }

    private Row row(ProgType type) {
        return Objects.requireNonNull(rows.get(type), type.name());
    }

    private static @Nullable String named(String column) {
        return column.equals(Tables.NOTHING) ? null : column;
    }

    /**
     * The helpers of such programs, a name in the table of helper sets; null if they have none.
     *
     * @throws UnsupportedFeature if they are not known
     */
    @Nullable
    String helperSet(ProgType type) {
        String set = row(type).helperSet;
        if (set.equals(UNKNOWN)) {
            throw new UnsupportedFeature("program type " + type.display() + " is not supported");
        }
        return named(set);
    }

    /** The hook of the kernel functions of such programs; {@code -} if they have none. */
    String kfuncHook(ProgType type) {
        return row(type).kfuncHook;
    }

    /** The struct of the context in the table of contexts; {@code -} if there is none. */
    String context(ProgType type) {
        return row(type).context;
    }

    /** The struct that programs of the type get a pointer to, or null if it has no name. */
    public @Nullable String contextStruct(ProgType type) {
        String context = row(type).context;
        return context.startsWith("(") ? null : named(context);
    }

    /** The kernel's form of the context, or null if there is none to cast to. */
    public @Nullable String kernelContext(ProgType type) {
        return named(row(type).kernelContext);
    }

    /** Returns whether a pointer to the named struct is a pointer to the context of such programs. */
    public boolean isContext(String struct, ProgType type) {
        String name = contextStruct(type);
        return name != null
                && (name.equals(struct)
                        || isProjection(name, struct)
                        || type == ProgType.KPROBE && struct.equals("bpf_user_pt_regs_t"));
    }

    /** Returns whether a kernel function that names one struct takes the kernel's form of it. */
    public boolean isProjection(String named, String passed) {
        for (Row row : rows.values()) {
            if (row.more.contains("projected") && row.context.equals(named) && row.kernelContext.equals(passed)) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether a pointer to the context may be moved by a constant before it is used. */
    public boolean mayMoveContext(ProgType type) {
        return row(type).more.contains("moved_context");
    }

    /** Returns whether such programs trace, at the level at which anything may be interrupted. */
    public boolean isTracing(ProgType type) {
        return row(type).more.contains("tracing");
    }

    /** Returns the function that the kernel has if it was built with the type; null if all kernels were. */
    public @Nullable String builtWith(ProgType type) {
        return row(type).more.stream()
                .filter(word -> word.startsWith(BUILT_WITH))
                .map(word -> word.substring(BUILT_WITH.length()))
                .findFirst()
                .orElse(null);
    }

    /** Returns whether such programs may read packets directly. */
    boolean readsPackets(ProgType type) {
        return row(type).more.contains("reads_packets");
    }

    /** Returns whether such programs may write to packets directly. */
    public boolean writesPackets(ProgType type) {
        return row(type).more.contains("writes_packets");
    }

    /** Returns whether a helper of such programs may get a pointer into a packet. */
    public boolean mayPassPackets(ProgType type, HelperProto proto) {
        return row(type).more.contains("packets_to_helpers")
                || readsPackets(type) && proto.has(HelperProto.Attribute.PKT_ACCESS);
    }
}
