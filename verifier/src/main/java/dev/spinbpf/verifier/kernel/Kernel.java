package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.ObjectLoading;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One release of Linux, as the verifier knows it: the tables of this package, of which each row says in which releases it
 * holds. A table is read when a program first needs it.
 *
 * <p>Verifications share kernels; nothing of them changes.
 */
public final class Kernel implements ObjectLoading.KernelMaps {
    private static final Map<KernelVersion, Kernel> KNOWN = new ConcurrentHashMap<>();

    private final KernelVersion version;
    private final Lazy<KernelStructs> structs;
    private final Lazy<HookTypes> hookTypes;
    private final Lazy<LsmHooks> lsmHooks;
    private final Lazy<RawTracepoints> rawTracepoints;
    private final Lazy<TraceableFunctions> functions;
    private final Lazy<IteratorArguments> iterators;
    private final Lazy<StructOps> structOps;
    private final Lazy<ProgramTypes> programTypes;
    private final Lazy<ProgramRules> programRules;
    private final Lazy<Contexts> contexts;
    private final Lazy<MapTypes> mapTypes;
    private final Lazy<HelperSets> helperSets;
    private final Lazy<Kfuncs> kfuncs;
    private final Lazy<Messages> messages;
    private final Lazy<KernelRules> rules;

    /** The kernel of that version; one for all releases of a stable series. */
    public static Kernel of(KernelVersion version) {
        return KNOWN.computeIfAbsent(version.series(), Kernel::new);
    }

    /** Takes the rows that hold for the version. */
    private Kernel(KernelVersion version) {
        this.version = version;
        structs = new Lazy<>(() -> new KernelStructs(version));
        hookTypes = new Lazy<>(HookTypes::new);
        lsmHooks = new Lazy<>(() -> new LsmHooks(version));
        rawTracepoints = new Lazy<>(() -> new RawTracepoints(version));
        functions = new Lazy<>(() -> new TraceableFunctions(version));
        iterators = new Lazy<>(() -> new IteratorArguments(version));
        structOps = new Lazy<>(() -> new StructOps(version));
        programTypes = new Lazy<>(() -> new ProgramTypes(version));
        programRules = new Lazy<>(() -> new ProgramRules(this));
        contexts = new Lazy<>(() -> new Contexts(version, programTypes()));
        mapTypes = new Lazy<>(() -> new MapTypes(version));
        helperSets = new Lazy<>(() -> new HelperSets(this));
        kfuncs = new Lazy<>(() -> new Kfuncs(this));
        messages = new Lazy<>(() -> new Messages(version));
        rules = new Lazy<>(() -> new KernelRules(version));
    }

    public KernelVersion version() {
        return version;
    }

    /** The structs that helpers and kernel functions name. */
    public KernelStructs structs() {
        return structs.get();
    }

    /** The prototypes of the hooks that are known without the kernel's types. */
    public HookTypes hookTypes() {
        return hookTypes.get();
    }

    public LsmHooks lsmHooks() {
        return lsmHooks.get();
    }

    public RawTracepoints rawTracepoints() {
        return rawTracepoints.get();
    }

    /** The functions that programs trace, as far as their types do not tell. */
    public TraceableFunctions functions() {
        return functions.get();
    }

    /** The targets of iterator programs. */
    public IteratorArguments iterators() {
        return iterators.get();
    }

    /** The structs of functions that programs implement. */
    public StructOps structOps() {
        return structOps.get();
    }

    public ProgramTypes programTypes() {
        return programTypes.get();
    }

    /** The properties of programs that depend on their attachment, too. */
    public ProgramRules programRules() {
        return programRules.get();
    }

    /** The fields of contexts and of sockets. */
    public Contexts contexts() {
        return contexts.get();
    }

    @Override
    public boolean hasMaps(MapType type) {
        return mapTypes().has(type);
    }

    @Override
    public boolean hasPercpuData() {
        return has(KernelRule.PERCPU_DATA);
    }

    @Override
    public boolean hasOverwritingRingBuffers() {
        return has(KernelRule.RING_BUFFERS_OVERWRITE);
    }

    public MapTypes mapTypes() {
        return mapTypes.get();
    }

    /** The helpers of each kind of program. */
    public HelperSets helperSets() {
        return helperSets.get();
    }

    public Kfuncs kfuncs() {
        return kfuncs.get();
    }

    /** The texts of the verifier's refusals. */
    public Messages messages() {
        return messages.get();
    }

    /** Returns whether the rule holds in this kernel. */
    public boolean has(KernelRule rule) {
        return rules.get().has(rule);
    }
}
