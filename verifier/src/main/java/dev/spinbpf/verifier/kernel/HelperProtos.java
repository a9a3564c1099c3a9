package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table of helpers: prototypes by name and by set of programs, and what each helper does besides. */
final class HelperProtos {
    private static final Map<String, Integer> FLAGS = Map.ofEntries(
            Map.entry("PTR_MAYBE_NULL", TypeFlags.PTR_MAYBE_NULL),
            Map.entry("PTR_TRUSTED", TypeFlags.PTR_TRUSTED),
            Map.entry("OBJ_RELEASE", TypeFlags.OBJ_RELEASE),
            Map.entry("MEM_RDONLY", TypeFlags.MEM_RDONLY),
            Map.entry("MEM_RINGBUF", TypeFlags.MEM_RINGBUF),
            Map.entry("MEM_UNINIT", TypeFlags.MEM_UNINIT),
            Map.entry("MEM_WRITE", TypeFlags.MEM_WRITE),
            Map.entry("MEM_ALIGNED", TypeFlags.MEM_ALIGNED),
            Map.entry("MEM_FIXED_SIZE", TypeFlags.MEM_FIXED_SIZE),
            Map.entry("DYNPTR_TYPE_LOCAL", TypeFlags.DYNPTR_TYPE_LOCAL),
            Map.entry("DYNPTR_TYPE_RINGBUF", TypeFlags.DYNPTR_TYPE_RINGBUF));

    private static final int FIRST_ARG_COLUMN = 3;
    private final Map<String, HelperProto> protos = new HashMap<>();

    /** By set, the prototype with which its programs call each helper, by the helper's name. */
    private final Map<String, Map<String, HelperProto>> members = new HashMap<>();

    private final Map<String, HelperTraits> traits = new HashMap<>();

    HelperProtos(KernelVersion version) {
        for (String[] row : Tables.rows("helper_protos.tsv", version)) {
            protos.put(row[0], prototype(row));
        }
    }

    /** The prototype of that name, or null. */
    @Nullable
    HelperProto find(String name) {
        return protos.get(name);
    }

    /** The prototype with which programs of a set call a helper where no condition says otherwise, or null. */
    @Nullable
    HelperProto member(String set, String helper) {
        return members.getOrDefault(set, Map.of()).get(helper);
    }

    /** The sets that prototypes name. */
    Set<String> sets() {
        return members.keySet();
    }

    /** Returns what a helper does besides its prototypes. */
    HelperTraits traits(String helper) {
        return traits.getOrDefault(helper, HelperTraits.NONE);
    }

    private HelperProto prototype(String[] row) {
        ParsedType ret = ParsedType.of(row[1]);
        Set<String> names = new LinkedHashSet<>(Tables.words(row[2]));
        List<ArgType> args = new ArrayList<>();
        for (int i = FIRST_ARG_COLUMN; i < row.length; i++) {
            ParsedType type = ParsedType.of(row[i]);
            args.add(new ArgType(ArgKind.valueOf(type.base), type.flags, type.size, type.kernelType));
        }
        String needed = removeNamed(names, "allowed:");
        String of = removeNamed(names, "of:");
        String helper = of == null ? row[0] : of;
        String sets = removeNamed(names, "in:");
        Set<HelperProto.Attribute> attributes = EnumSet.noneOf(HelperProto.Attribute.class);
        for (HelperProto.Attribute attribute : HelperProto.Attribute.values()) {
            if (names.remove(attribute.name().toLowerCase(Locale.ROOT))) {
                attributes.add(attribute);
            }
        }
        HelperTraits own = traits.computeIfAbsent(helper, key -> new HelperTraits());
        names.forEach(own::add);
        for (int i = 0; i < args.size(); i++) {
            if (args.get(i).kind() == ArgKind.PTR_TO_FUNC) {
                own.setCallbackReg(i + 1);
            }
        }
        HelperProto proto = new HelperProto(
                new HelperProto.Result(RetKind.valueOf(ret.base), ret.flags, ret.kernelType),
                attributes,
                needed == null ? null : ProgramRules.Property.of(needed),
                own,
                List.copyOf(args));
        for (String set : sets == null ? List.<String>of() : List.of(sets.split("\\|", -1))) {
            members.computeIfAbsent(set, key -> new HashMap<>()).put(helper, proto);
        }
        return proto;
    }

    private static @Nullable String removeNamed(Set<String> attributes, String prefix) {
        for (String attribute : attributes) {
            if (attribute.startsWith(prefix)) {
                attributes.remove(attribute);
                return attribute.substring(prefix.length());
            }
        }
        return null;
    }

    /** {@code BASE|FLAG|...=size or type}. */
    private record ParsedType(
            String base, int flags, int size, @Nullable String kernelType) {
        static ParsedType of(String text) {
            int equals = text.indexOf('=');
            String[] parts = (equals < 0 ? text : text.substring(0, equals)).split("\\|", -1);
            int flags = 0;
            for (int i = 1; i < parts.length; i++) {
                flags |= Objects.requireNonNull(FLAGS.get(parts[i]), parts[i]);
            }
            if (equals < 0) {
                return new ParsedType(parts[0], flags, 0, null);
            }
            String detail = text.substring(equals + 1);
            return Character.isDigit(detail.charAt(0))
                    ? new ParsedType(parts[0], flags, Integer.parseInt(detail), null)
                    : new ParsedType(parts[0], flags, 0, detail);
        }
    }
}
