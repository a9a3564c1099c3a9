package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.MapValueTypes;
import dev.spinbpf.verifier.call.MapRules;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Advice on locks and other managed fields that the program does not declare as Linux wants them, or may not have. */
final class DeclarationAdvice {
    private static final String KEY_AND_VALUE = "__type(key, ...) and __type(value, ...)";

    /** Sections of the types of programs that people attach most, as they are written in SEC(). */
    private static final Map<ProgType, String> SECTIONS = sections();

    private static Map<ProgType, String> sections() {
        Map<ProgType, String> sections = new LinkedHashMap<>();
        sections.put(ProgType.SCHED_CLS, "tc");
        sections.put(ProgType.XDP, "xdp");
        sections.put(ProgType.SYSCALL, "syscall");
        sections.put(ProgType.CGROUP_SKB, "cgroup_skb");
        sections.put(ProgType.TRACING, "fentry, fexit, tp_btf");
        sections.put(ProgType.LSM, "lsm");
        sections.put(ProgType.STRUCT_OPS, "struct_ops");
        sections.put(ProgType.KPROBE, "kprobe");
        sections.put(ProgType.TRACEPOINT, "tracepoint");
        sections.put(ProgType.PERF_EVENT, "perf_event");
        return sections;
    }

    private DeclarationAdvice() {}

    /** A map of which Linux knows no types. */
    static Advice needsTypes(Case the) {
        MapInfo map = map(the);
        if (map == null) {
            return the.general();
        }
        String name = "map `" + Names.map(map) + "`";
        Btf types = the.unit().object().btf();
        if (types.size() <= 1) {
            return the.general()
                    .because("The object has no types (BTF) at all, so that Linux does not see the "
                            + field(the).typeName() + " in " + name + ".")
                    .mendedBy("Compile with clang -g"
                            + (map.def().isGlobalData() ? "" : ", and declare the map with " + KEY_AND_VALUE) + ".");
        }
        if (map.def().valueTypeId() == 0) {
            return the.general()
                    .because(name + " is declared by the sizes of its key and value, so that Linux does not see the "
                            + field(the).typeName() + " in it.")
                    .mendedBy("Declare it with " + KEY_AND_VALUE + " in place of key_size and value_size.");
        }
        if (the.unit().btf().size() <= 1) {
            String problem = types.problem();
            return the.general()
                    .because("Linux refuses the types (BTF) of the whole object"
                            + (problem.isEmpty() ? "" : ": " + problem) + "; so " + name + " is made without types.")
                    .mendedBy(
                            problem.isEmpty()
                                    ? "Correct the structs with locks, lists, trees or kptrs in them."
                                    : typesRemedy(problem));
        }
        return madeWithout(the, map, name);
    }

    private static String typesRemedy(String problem) {
        if (problem.contains("Invalid arg#")) {
            return "Give every parameter of that function a name. Where the source has them all, it was compiled"
                    + " without optimization, which leaves them out of the types: compile with -O2.";
        }
        return problem.contains("Invalid name")
                ? "Rename what the types name: a name has letters, digits and _ only."
                : "Correct what the types say is wrong, or compile with another clang or -O2.";
    }

    private static Advice madeWithout(Case the, MapInfo map, String name) {
        String refusal = MapValueTypes.refusal(map.def(), types(the));
        return the.general()
                .because(name + " cannot be made with its types"
                        + (refusal == null ? "" : ": " + refusal) + "; libbpf then makes it without, and Linux sees no "
                        + field(the).typeName() + " in it.")
                .mendedBy("Use a map of a type that may hold a " + field(the).typeName() + ": " + holders(field(the))
                        + ".");
    }

    private static Btf types(Case the) {
        return the.unit().object().btf();
    }

    private static String holders(BtfField.Kind kind) {
        return MapValueTypes.typesThatHold(kind).stream().map(MapType::display).collect(Collectors.joining(", "));
    }

    /** A map value without such a field, or with something else there. */
    static Advice notValid(Case the) {
        MapInfo map = map(the);
        RegState pointer = pointer(the);
        BtfField.Kind wanted = field(the);
        if (map == null || pointer == null || !pointer.isConst()) {
            return the.general();
        }
        String place = the.names().valueMember(map, pointer.constValue());
        FieldNames.Found found = FieldNames.at(map.btf(), map.def().valueTypeId(), pointer.constValue());
        boolean isSection = map.btf().resolved(map.def().valueTypeId()) instanceof BtfType.DataSec;
        String type = isSection ? "" : " is of type " + FieldNames.typeName(map.btf(), found.typeId());
        BtfField.Kind other =
                wanted == BtfField.Kind.BPF_SPIN_LOCK ? BtfField.Kind.BPF_RES_SPIN_LOCK : BtfField.Kind.BPF_SPIN_LOCK;
        boolean mixed = map.hasField(other);
        String functions = other == BtfField.Kind.BPF_SPIN_LOCK ? "bpf_spin_lock()" : "bpf_res_spin_lock()";
        return the.general()
                .because("`" + (place == null ? Names.map(map) : place) + "`"
                        + (type.isEmpty() ? " is no " + wanted.typeName() : type) + ", and "
                        + the.call().function() + "() takes a struct " + wanted.typeName() + ".")
                .mendedBy(
                        mixed
                                ? "Use " + functions + " and its counterpart for this lock, or declare it as struct "
                                        + wanted.typeName() + "."
                                : "Declare the member as struct " + wanted.typeName()
                                        + "; a cast does not make a lock of it.");
    }

    /** A lock that lies elsewhere than the pointer. */
    static Advice argument(Case the) {
        RegState pointer = pointer(the);
        Origin origin = the.story().replay().register(1);
        if (the.message() == Message.LOCK_NOT_IN_MAP_VALUE_OR_OBJECT) {
            String name = the.names().value(origin);
            return the.general()
                    .because(
                            (name == null ? "The argument" : "`" + the.call().function() + "` gets " + name + ", which")
                                    + " is not in a map value, global data or an allocated object: nobody else could"
                                    + " see such a lock.")
                    .mendedBy("Make it a member of a map's value, or global: static struct bpf_res_spin_lock lock"
                            + " SEC(\".data.lock\");");
        }
        if (the.message() == Message.LOCK_OFFSET_NOT_CONSTANT || pointer == null) {
            String where = pointer != null && pointer.is(RegType.PTR_TO_MAP_VALUE)
                    ? "`" + Names.map(pointer.map()) + "`"
                    : "an object";
            return the.general()
                    .because("The lock's place in " + where
                            + " depends on a variable index. A map value or section holds one lock, at a fixed offset.")
                    .mendedBy("Make each lock an element of its own: an array map whose value has the lock, and"
                            + " bpf_map_lookup_elem() with the index.");
        }
        MapInfo map = pointer.is(RegType.PTR_TO_MAP_VALUE) ? pointer.map() : null;
        String meant = map == null ? null : the.names().valueMember(map, pointer.constValue());
        String real = map == null ? "the lock" : "`" + the.names().lockOf(map) + "`";
        return the.general()
                .because((meant == null ? "The argument" : "`" + meant + "`") + " is not " + real
                        + ", the one lock that the value or section has.")
                .mendedBy("Pass " + real
                        + "; give each further lock a section (SEC(\".data.name\")) or map value of its own.");
    }

    /** A program that may not have locks, or lists and trees, which need one. */
    static Advice programType(Case the) {
        if (the.message() == Message.TIMER_IN_TRACING || the.message() == Message.WORKQUEUE_IN_TRACING) {
            return deferredInTracing(the);
        }
        ProgType type = the.unit().program().type();
        boolean isGraph = the.message() == Message.GRAPH_ROOTS_IN_TRACING;
        for (MapInfo map : the.unit().usedMaps()) {
            BtfField.Kind lock = lockOf(map);
            boolean hasRoot = map.hasField(BtfField.Kind.BPF_LIST_HEAD) || map.hasField(BtfField.Kind.BPF_RB_ROOT);
            boolean isRefused = isGraph
                    ? hasRoot
                    : lock != null && !MapRules.mayLock(the.unit().kernel(), type, lock);
            if (isRefused) {
                return the.general()
                        .because("The program uses `" + Names.map(map) + "`, which holds "
                                + (isGraph
                                        ? "a list or tree"
                                        : "the lock `" + the.names().lockOf(map) + "`")
                                + ", and is of type " + type.display() + ": "
                                + (type == ProgType.SOCKET_FILTER
                                        ? "Linux lets no socket filter use locks, of neither kind."
                                        : "such programs can interrupt any code, also code that holds the lock."))
                        .mendedBy(programTypeRemedy(the, isGraph || lock == null ? BtfField.Kind.BPF_SPIN_LOCK : lock));
            }
        }
        return the.general();
    }

    /** A program that may not have timers or work queues. The types that may are those that may have plain locks. */
    private static Advice deferredInTracing(Case the) {
        ProgType type = the.unit().program().type();
        BtfField.Kind kind =
                the.message() == Message.TIMER_IN_TRACING ? BtfField.Kind.BPF_TIMER : BtfField.Kind.BPF_WORKQUEUE;
        String thing = kind == BtfField.Kind.BPF_TIMER ? "timer" : "work queue";
        String name = the.unit().usedMaps().stream()
                .filter(map -> map.hasField(kind))
                .map(Names::map)
                .findFirst()
                .orElse(null);
        return name == null
                ? the.general()
                : the.general()
                        .because("The program uses `" + name + "`, which holds a " + thing + ", and is of type "
                                + type.display() + ": such programs may not use one, not even its map.")
                        .mendedBy("Do this in a program of a type that may use " + thing + "s, by its section: "
                                + sectionsThatMayLock(the.unit().kernel(), BtfField.Kind.BPF_SPIN_LOCK) + ".");
    }

    private static String sectionsThatMayLock(Kernel kernel, BtfField.Kind lock) {
        return SECTIONS.entrySet().stream()
                .filter(entry -> MapRules.mayLock(kernel, entry.getKey(), lock))
                .map(Map.Entry::getValue)
                .collect(Collectors.joining(", "));
    }

    private static String programTypeRemedy(Case the, BtfField.Kind lock) {
        Kernel kernel = the.unit().kernel();
        boolean isOfKind = the.message() == Message.SPIN_LOCK_IN_TRACING
                && MapRules.mayLock(kernel, the.unit().program().type(), BtfField.Kind.BPF_RES_SPIN_LOCK);
        if (isOfKind) {
            return "Declare the lock as struct bpf_res_spin_lock, and take it with bpf_res_spin_lock(), which can"
                    + " fail: this Linux lets programs of type "
                    + the.unit().program().type().display() + " use those.";
        }
        String sections = sectionsThatMayLock(kernel, lock);
        return "Do this in a program of a type that may use a " + lock.typeName() + ", by its section: " + sections
                + ".";
    }

    private static BtfField.@Nullable Kind lockOf(MapInfo map) {
        return map.hasField(BtfField.Kind.BPF_SPIN_LOCK)
                ? BtfField.Kind.BPF_SPIN_LOCK
                : map.hasField(BtfField.Kind.BPF_RES_SPIN_LOCK) ? BtfField.Kind.BPF_RES_SPIN_LOCK : null;
    }

    private static BtfField.Kind field(Case the) {
        String text = the.text().toLowerCase(Locale.ROOT);
        return Arrays.stream(BtfField.Kind.values())
                .filter(kind -> text.contains(kind.typeName()))
                .reduce((first, second) ->
                        second.typeName().length() > first.typeName().length() ? second : first)
                .orElse(BtfField.Kind.BPF_KPTR_REF);
    }

    private static @Nullable RegState pointer(Case the) {
        for (int number = 1; number <= 5; number++) {
            if (the.path().reg(number).is(RegType.PTR_TO_MAP_VALUE)) {
                return the.path().reg(number);
            }
        }
        return null;
    }

    private static @Nullable MapInfo map(Case the) {
        RegState pointer = pointer(the);
        return pointer == null ? null : pointer.map();
    }
}
