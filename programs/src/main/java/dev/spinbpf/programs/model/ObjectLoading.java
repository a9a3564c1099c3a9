package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The steps between an object and the verification of its programs, as libbpf takes them: what of the object cannot be
 * resolved, then the creation of its maps in their order, with types where the kernel takes them, without types where it does
 * not; then the global data, which is mapped into the loader's memory where a variable of it is visible from outside. The first
 * failure ends the loading of the whole object.
 *
 * <p>libbpf writes a warning at each failure, also where it tries again; the first one is the message.
 */
public final class ObjectLoading {
    private final ProgramObject object;
    private final String typeProblem;
    private final KernelMaps kernel;
    private final Map<String, MapDef> maps = new HashMap<>();
    private @Nullable String firstWarning;

    /** The types of maps that a kernel has. */
    public interface KernelMaps {
        /** Returns true if the kernel has maps of the type. */
        boolean hasMaps(MapType type);

        /** Returns true if the kernel takes variables of which each CPU has its own; else libbpf makes no map of them. */
        boolean hasPercpuData();

        /** Returns true if ring buffers may drop their oldest records to make room. */
        boolean hasOverwritingRingBuffers();
    }

    private ObjectLoading(ProgramObject object, String typeProblem, KernelMaps kernel) {
        this.object = object;
        this.kernel = kernel;
        this.typeProblem = typeProblem;
        object.maps().forEach(map -> maps.putIfAbsent(map.name(), map));
    }

    /**
     * Returns the refusal that ends the loading of the object; null if its programs get to the verifier.
     *
     * @param typeProblem why the kernel does not take the object's types; empty if it does
     */
    public static @Nullable LoadRefusal refusal(ProgramObject object, String typeProblem, KernelMaps kernel) {
        if (object.refusal() != null) {
            return object.refusal();
        }
        try {
            var loading = new ObjectLoading(object, typeProblem, kernel);
            if (!typeProblem.isEmpty()) {
                loading.doWithoutTypes();
            }
            for (MapDef map : object.maps()) {
                if (isMade(map, kernel)) {
                    loading.make(map);
                }
            }
            return null;
        } catch (Failure e) {
            return e.refusal;
        }
    }

    /** libbpf makes no data per CPU where the kernel has none, and tables of jumps only for programs that jump by them. */
    private static boolean isMade(MapDef map, KernelMaps kernel) {
        return switch (map.type()) {
            case PERCPU_ARRAY -> !map.isGlobalData() || kernel.hasPercpuData();
            case INSN_ARRAY -> !map.name().equals(MapDef.JUMP_TABLES) || kernel.hasMaps(map.type());
            default -> true;
        };
    }

    /** Ends the loading. */
    private static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient LoadRefusal refusal;

        Failure(LoadRefusal refusal) {
            super(refusal.message());
            this.refusal = refusal;
        }
    }

    private void warn(String warning) {
        if (firstWarning == null) {
            firstWarning = "libbpf: " + warning;
        }
    }

    private Failure failure(int errno, String warning, String reason) {
        warn(warning);
        return new Failure(new LoadRefusal(errno, firstWarning == null ? warning : firstWarning, reason));
    }

    /** libbpf goes on without types that the kernel does not take, but for objects that implement structs of the kernel's. */
    private void doWithoutTypes() throws Failure {
        String warning = "BTF loading error: " + errnoText(Errno.EINVAL);
        if (object.implementsStructs()) {
            throw failure(
                    Errno.EINVAL,
                    warning,
                    "the kernel does not take the object's types ("
                            + typeProblem
                            + "), and libbpf loads no object that implements struct_ops without them");
        }
        warn(warning);
    }

    private void make(MapDef map) throws Failure {
        BtfRecord record;
        try {
            record = create(map);
        } catch (MapRefusedException e) {
            throw failure(
                    e.errno(),
                    "map '" + map.name() + "': failed to create: " + errnoText(e.errno()),
                    "map '" + map.name() + "' cannot be created: " + e.reason() + remedy(map));
        }
        boolean isMapped = map.isGlobalData() && (map.flags() & MapFlags.BPF_F_MMAPABLE) != 0;
        if (isMapped && !record.isEmpty()) {
            throw failure(
                    Errno.ENOTSUPP,
                    "map '" + map.name() + "': failed to re-mmap() contents: " + errnoText(Errno.ENOTSUPP),
                    "section " + map.section() + " holds a lock, timer or kptr, so that it cannot be mapped into the "
                            + "loader's memory; libbpf maps it as " + visibleVariable(map)
                            + " in it is neither static nor __hidden");
        }
        for (MapDef.Slot slot : map.slots()) {
            fill(map, slot);
        }
    }

    /** The first variable of a section that makes libbpf map it. */
    private String visibleVariable(MapDef map) {
        if (object.btf().resolved(map.valueTypeId()) instanceof BtfType.DataSec section) {
            for (BtfType.SecVar entry : section.vars()) {
                if (object.btf().type(entry.varTypeId()) instanceof BtfType.Var variable
                        && variable.linkage() != BtfType.Linkage.STATIC) {
                    return "'" + variable.name() + "'";
                }
            }
        }
        return "a variable";
    }

    private static String errnoText(int errno) {
        return "-" + Errno.name(errno);
    }

    private static String remedy(MapDef map) {
        boolean needsEntries = map.maxEntries() == 0;
        return needsEntries
                ? "; bpf_map__set_max_entries() sets it before loading, here --map-entries " + map.name() + "=N"
                : "";
    }

    /** Makes a map, at the second attempt without types; returns the special fields of its values, none without types. */
    private BtfRecord create(MapDef map) throws MapRefusedException {
        MapDef inner = map.inner();
        if (inner != null) {
            try {
                create(inner);
            } catch (MapRefusedException e) {
                warn("map '" + map.name() + "': failed to create inner map: " + errnoText(e.errno()));
                throw e;
            }
        }
        boolean typed = typeProblem.isEmpty() && (map.keyTypeId() != 0 || map.valueTypeId() != 0);
        if (typed) {
            try {
                check(map, true);
                return MapValueTypes.check(map, object.btf());
            } catch (MapRefusedException e) {
                warn("Error in bpf_create_map_xattr(" + map.name() + "): " + errnoText(e.errno())
                        + ". Retrying without BTF.");
            }
        }
        check(map, false);
        return BtfRecord.EMPTY;
    }

    private void check(MapDef map, boolean typed) throws MapRefusedException {
        if (!kernel.hasMaps(map.type())) {
            throw new MapRefusedException(
                    Errno.EINVAL, "this Linux has no maps of type " + map.type().display());
        }
        MapCreation.check(map, typed);
        if ((map.flags() & MapFlags.BPF_F_RB_OVERWRITE) != 0 && !kernel.hasOverwritingRingBuffers()) {
            throw new MapRefusedException(Errno.EINVAL, "this Linux does not know the flag BPF_F_RB_OVERWRITE");
        }
    }

    /** Puts a program into an array of programs, or into a map of maps a map, which has to be like the template. */
    private void fill(MapDef map, MapDef.Slot slot) throws Failure {
        if (map.type() != MapType.HASH_OF_MAPS && slot.index() >= map.maxEntries()) {
            throw unfilled(
                    Errno.E2BIG,
                    map,
                    slot,
                    "map '" + map.name() + "' has " + map.maxEntries() + " entries, and its initial values name '"
                            + slot.target() + "' for entry " + slot.index());
        }
        MapDef template = map.inner();
        MapDef target = maps.get(slot.target());
        if (template == null || target == null) {
            return;
        }
        boolean isAlike = template.type() == target.type()
                && template.keySize() == target.keySize()
                && template.valueSize() == target.valueSize()
                && template.flags() == target.flags()
                && (!countsMustAgree(template) || template.maxEntries() == target.maxEntries());
        if (!isAlike) {
            throw unfilled(
                    Errno.EINVAL,
                    map,
                    slot,
                    "map '" + target.name() + "' differs from the maps that '" + map.name() + "' is declared to hold");
        }
    }

    /** libbpf's words for an initial value that a map does not take. */
    private Failure unfilled(int errno, MapDef map, MapDef.Slot slot, String reason) {
        String kind = map.type() == MapType.PROG_ARRAY ? "prog" : "map";
        return failure(
                errno,
                "map '" + map.name() + "': failed to initialize slot [" + slot.index() + "] to " + kind + " '"
                        + slot.target() + "': " + errnoText(errno),
                reason);
    }

    private static boolean countsMustAgree(MapDef map) {
        return switch (map.type()) {
            case ARRAY, PERCPU_ARRAY -> (map.flags() & MapFlags.BPF_F_INNER_MAP) == 0;
            case XSKMAP -> true;
            default -> false;
        };
    }
}
