package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.programs.promise.Term;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A promise about the programs and maps of a run.
 *
 * <p>A program may have returned several results, and the promise has to hold for each: the order in which runs end is no
 * matter of a promise. Where it speaks of a program that returned nothing yet, it holds.
 */
public final class BoundPromise {
    private final Promise promise;
    private final PromiseNames names;
    private final Cpu reader;
    private final LongSupplier condition;
    private final Map<String, LongSupplier> parts = new TreeMap<>();
    private @Nullable LoadedProgram returning;
    private long returned;

    private BoundPromise(Machine machine, List<WorkloadRun.LoadedObject> objects, Promise promise)
            throws PromiseException {
        this.promise = promise;
        names = new PromiseNames(machine, objects, promise);
        reader = machine.cpus().get(0);
        condition = bind(promise.condition());
    }

    /**
     * Binds promises to what is loaded into a machine.
     *
     * @param objects the objects that are
     * @throws WorkloadException where one names something that does not exist or is no number
     */
    public static List<BoundPromise> of(Machine machine, List<WorkloadRun.LoadedObject> objects, List<Promise> promises)
            throws WorkloadException {
        List<BoundPromise> bound = new ArrayList<>();
        for (Promise promise : promises) {
            try {
                bound.add(new BoundPromise(machine, objects, promise));
            } catch (PromiseException e) {
                throw new WorkloadException("promise " + e.getMessage());
            }
        }
        return bound;
    }

    /** Returns the promise. */
    public Promise promise() {
        return promise;
    }

    /** Returns the values for which the promise does not hold now, as {@code name = value, ...}; null where it holds. */
    public @Nullable String broken() {
        LoadedProgram program = returning;
        if (program == null) {
            return condition.getAsLong() == 0 ? values() : null;
        }
        for (long result : program.stats().results().keySet()) {
            returned = (int) result;
            if (condition.getAsLong() == 0) {
                return values();
            }
        }
        return null;
    }

    private String values() {
        StringBuilder text = new StringBuilder();
        parts.forEach((name, value) -> text.append(text.isEmpty() ? "" : ", ")
                .append(name)
                .append(" = ")
                .append(value.getAsLong()));
        return text.toString();
    }

    private LongSupplier bind(Term term) throws PromiseException {
        return switch (term) {
            case Term.Number number -> number::value;
            case Term.Runs runs -> {
                LoadedProgram program = names.program(runs.program());
                yield part("runs(" + program.name() + ")", () -> runs(program));
            }
            case Term.Result result -> result(result);
            case Term.Place place -> place(place);
            case Term.Negation negation -> {
                LongSupplier value = bind(negation.term());
                yield () -> -value.getAsLong();
            }
            case Term.Inversion inversion -> {
                LongSupplier value = bind(inversion.term());
                yield () -> value.getAsLong() == 0 ? 1 : 0;
            }
            case Term.Binary binary -> binary(binary.operator(), bind(binary.left()), bind(binary.right()));
        };
    }

    private LongSupplier part(String name, LongSupplier value) {
        parts.put(name, value);
        return value;
    }

    private static long runs(LoadedProgram program) {
        long sum = 0;
        for (ContextLevel level : ContextLevel.values()) {
            sum += program.stats().runs(level);
        }
        return sum;
    }

    private LongSupplier result(Term.Result result) throws PromiseException {
        LoadedProgram program = names.program(result.program());
        if (returning != null && returning != program) {
            throw new PromiseException(
                    promise.text(),
                    result.program().column(),
                    "a promise speaks of the results of one program; " + returning.name() + " comes before");
        }
        returning = program;
        return part("r0(" + program.name() + ")", () -> returned);
    }

    private LongSupplier place(Term.Place place) throws PromiseException {
        PromisedPlace found = names.place(place);
        if (promise.always() && !found.isDirect()) {
            throw new PromiseException(
                    promise.text(),
                    place.name().column(),
                    "what holds always is about global variables and elements of arrays, and '"
                            + place.name().text() + "' is neither");
        }
        String name = PromiseNames.shown(place);
        if (!found.isDirect()) {
            return part(name, () -> found.read(reader));
        }
        long address = found.address(reader);
        return part(name, () -> found.at(address));
    }

    private static LongSupplier binary(Term.Operator operator, LongSupplier left, LongSupplier right) {
        return switch (operator) {
            case OR -> () -> left.getAsLong() != 0 || right.getAsLong() != 0 ? 1 : 0;
            case AND -> () -> left.getAsLong() != 0 && right.getAsLong() != 0 ? 1 : 0;
            case EQUAL -> () -> left.getAsLong() == right.getAsLong() ? 1 : 0;
            case NOT_EQUAL -> () -> left.getAsLong() != right.getAsLong() ? 1 : 0;
            case LESS -> () -> left.getAsLong() < right.getAsLong() ? 1 : 0;
            case AT_MOST -> () -> left.getAsLong() <= right.getAsLong() ? 1 : 0;
            case GREATER -> () -> left.getAsLong() > right.getAsLong() ? 1 : 0;
            case AT_LEAST -> () -> left.getAsLong() >= right.getAsLong() ? 1 : 0;
            case PLUS -> () -> left.getAsLong() + right.getAsLong();
            case MINUS -> () -> left.getAsLong() - right.getAsLong();
            case TIMES -> () -> left.getAsLong() * right.getAsLong();
        };
    }
}
