package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.programs.promise.Term;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The names that a promise may use: programs, maps and global variables of a run's objects. Where two objects have the
 * same name, the first object's counts.
 */
final class PromiseNames {
    private static final int MOST_LISTED = 12;

    private final Promise promise;
    private final Map<String, LoadedProgram> programs = new TreeMap<>();
    private final Map<String, Origin> origins = new TreeMap<>();

    /** A map or variable: the type and place of the whole. */
    private record Origin(Btf btf, BpfMap map, int typeId, long offset, boolean isMap) {}

    /** A part of a value while steps are taken into it. */
    private record Part(int typeId, long offset) {}

    PromiseNames(Machine machine, List<WorkloadRun.LoadedObject> objects, Promise promise) {
        this.promise = promise;
        for (WorkloadRun.LoadedObject object : objects) {
            object.programs().forEach(programs::putIfAbsent);
            try {
                machine.maps(object.object()).forEach(map -> add(object.object().btf(), map));
            } catch (MapCreationException e) {
                throw new IllegalStateException("the maps of a loaded object are there", e);
            }
        }
    }

    private void add(Btf btf, BpfMap map) {
        int type = map.def().valueTypeId();
        if (!map.def().isGlobalData()) {
            origins.putIfAbsent(map.name(), new Origin(btf, map, type, 0, true));
        } else if (btf.type(type) instanceof BtfType.DataSec section) {
            for (BtfType.SecVar variable : section.vars()) {
                if (btf.type(variable.varTypeId()) instanceof BtfType.Var named) {
                    origins.putIfAbsent(named.name(), new Origin(btf, map, named.typeId(), variable.offset(), false));
                }
            }
        }
    }

    private PromiseException mistake(int column, String text) {
        return new PromiseException(promise.text(), column, text);
    }

    private static String listed(Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        if (all.isEmpty()) {
            return "there are none";
        }
        String first = all.stream().limit(MOST_LISTED).collect(Collectors.joining(", "));
        return "there are: " + first + (all.size() > MOST_LISTED ? ", ..." : "");
    }

    /** Returns the program of a name. */
    LoadedProgram program(Term.Name name) throws PromiseException {
        LoadedProgram found = programs.get(name.text());
        if (found == null) {
            throw mistake(name.column(), "no program '" + name.text() + "' was loaded; " + listed(programs.keySet()));
        }
        return found;
    }

    /** Returns the integer that a place stands for. */
    PromisedPlace place(Term.Place place) throws PromiseException {
        Origin origin = origins.get(place.name().text());
        if (origin == null) {
            throw mistake(
                    place.name().column(),
                    "no map or global variable '" + place.name().text() + "'; " + listed(origins.keySet()));
        }
        List<Term.Step> steps = place.steps();
        long key = 0;
        int begin = 0;
        if (origin.isMap) {
            key = key(place, origin.map);
            begin = 1;
        }
        Part part = new Part(origin.typeId, origin.offset);
        for (Term.Step step : steps.subList(begin, steps.size())) {
            part = switch (step) {
                case Term.Element element -> element(origin.btf, part, element);
                case Term.Member member -> member(origin.btf, part, member);
            };
        }
        return integer(place, origin, key, part);
    }

    private long key(Term.Place place, BpfMap map) throws PromiseException {
        String name = place.name().text();
        if (place.steps().isEmpty() || !(place.steps().getFirst() instanceof Term.Element element)) {
            throw mistake(
                    place.name().column(), "'" + name + "' is a map; name an element by its key: " + name + "[0]");
        }
        int size = map.def().keySize();
        if (map.type().isKeyless() || size > Long.BYTES) {
            throw mistake(element.column(), "the elements of '" + name + "' have no number as key");
        }
        int bits = size * Byte.SIZE;
        if (bits < Long.SIZE && (element.index() >= 1L << bits || element.index() < -(1L << bits - 1))) {
            throw mistake(element.column(), "keys of '" + name + "' have " + size + " bytes");
        }
        return element.index();
    }

    private Part element(Btf btf, Part in, Term.Element element) throws PromiseException {
        if (!(btf.resolved(in.typeId) instanceof BtfType.Array array)) {
            throw mistake(element.column(), "this is no array");
        }
        if (element.index() < 0 || element.index() >= array.count()) {
            throw mistake(element.column(), "the array has " + array.count() + " elements");
        }
        return new Part(
                array.elementTypeId(), in.offset + element.index() * Math.max(0, btf.sizeOf(array.elementTypeId())));
    }

    private Part member(Btf btf, Part in, Term.Member member) throws PromiseException {
        List<String> names = new ArrayList<>();
        if (btf.resolved(in.typeId) instanceof BtfType.Composite composite) {
            for (BtfType.Member each : composite.members()) {
                if (each.name().equals(member.name()) && each.bitSize() == 0) {
                    return new Part(each.typeId(), in.offset + each.bitOffset() / Byte.SIZE);
                }
                names.add(each.name());
            }
        }
        throw mistake(member.column(), "no member '" + member.name() + "'; " + listed(names));
    }

    private PromisedPlace integer(Term.Place place, Origin origin, long key, Part part) throws PromiseException {
        BtfType type = origin.btf.resolved(part.typeId);
        long size = part.typeId == 0 ? origin.map.def().valueSize() : origin.btf.sizeOf(part.typeId);
        boolean isInteger =
                switch (type) {
                    case BtfType.Int _, BtfType.Enum _, BtfType.Ptr _, BtfType.Void _ -> true;
                    default -> false;
                };
        if (!isInteger || size < 1 || size > Long.BYTES || Long.bitCount(size) != 1) {
            throw mistake(place.name().column(), "'" + shown(place) + "' is no number" + inside(type));
        }
        boolean signed = type instanceof BtfType.Int number && number.signed()
                || type instanceof BtfType.Enum named && named.signed();
        return new PromisedPlace(origin.map, key, part.offset, (int) size, signed);
    }

    private static String inside(@Nullable BtfType type) {
        return switch (type) {
            case BtfType.Composite composite ->
                " but has members; "
                        + listed(composite.members().stream()
                                .map(BtfType.Member::name)
                                .toList());
            case BtfType.Array array -> " but an array of " + array.count();
            case null, default -> "";
        };
    }

    static String shown(Term.Place place) {
        StringBuilder text = new StringBuilder(place.name().text());
        for (Term.Step step : place.steps()) {
            switch (step) {
                case Term.Element element ->
                    text.append('[').append(element.index()).append(']');
                case Term.Member member -> text.append('.').append(member.name());
            }
        }
        return text.toString();
    }
}
