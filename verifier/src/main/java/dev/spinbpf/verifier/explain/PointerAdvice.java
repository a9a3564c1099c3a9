package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Advice on pointers that may be NULL, that are none, or that became invalid. */
final class PointerAdvice {
    private static final Pattern REGISTER = Pattern.compile("\\bR(\\d+)\\b");
    private static final Pattern ARGUMENT = Pattern.compile("\\barg#?(\\d+)\\b");
    private static final Pattern MEM_ACCESS = Pattern.compile("invalid mem access '(.*)'");

    private PointerAdvice() {}

    /** An access through a register that points to no memory. */
    static Advice access(Case the) {
        Matcher matcher = MEM_ACCESS.matcher(the.text());
        String type = matcher.find() ? matcher.group(1) : "";
        if (type.contains("or_null")) {
            return mayBeNull(the);
        }
        Integer register = register(the);
        Origin base = register == null ? Origin.UNKNOWN : the.story().replay().register(register);
        if (base instanceof Origin.Result result) {
            Advice stale = stale(the, result.call());
            if (stale != null) {
                return stale;
            }
        }
        if (type.equals("scalar")) {
            return number(the, register, base);
        }
        return the.general()
                .because(name(the, register, base) + " is of type " + type + ", and " + verb(the)
                        + " memory through it, which this type does not allow.");
    }

    /** A number that is used as a pointer. */
    private static Advice number(Case the, @Nullable Integer register, Origin base) {
        boolean isNull = base instanceof Origin.Number number && number.value() == 0;
        String what = base instanceof Origin.Number number
                ? "R" + register + " is the number " + number.value()
                : name(the, register, base) + " is a number";
        return the.general()
                .because(what + " here, and " + verb(the) + " memory through it.")
                .mendedBy(
                        isNull
                                ? "Set the pointer on this way before " + the.here()
                                        + ", or leave before it where the pointer is NULL. Where the source has no"
                                        + " such pointer, compile with -O2: without it, members of kernel types are"
                                        + " not found."
                                : "Keep it a pointer (no casts, no arithmetic that makes it a number), or read kernel"
                                        + " memory with bpf_probe_read_kernel().");
    }

    private static String name(Case the, @Nullable Integer register, Origin base) {
        String name = the.names().value(base);
        return name == null ? "R" + register : name;
    }

    private static String verb(Case the) {
        Op.Kind kind = the.refused().op().kind();
        boolean writes = kind == Op.Kind.ST || kind == Op.Kind.STX || kind == Op.Kind.STORE_RELEASE;
        return the.here() + (writes ? " writes" : " reads");
    }

    /** A pointer that was valid before; null if nothing on the path ended it. */
    private static @Nullable Advice stale(Case the, Origin.Call source) {
        RefusalKind kind = RefusalKind.of("stale-pointer");
        Origin.Call end = the.story()
                .lastCall(call -> call.step() > source.step()
                        && ReleaseFunctions.isRelease(call.function())
                        && call.args().stream()
                                .anyMatch(arg -> arg instanceof Origin.Result result
                                        && result.call().equals(source)));
        Advice advice = Advice.general(kind);
        if (end != null) {
            return advice.because("The pointer that " + the.names().call(source)
                            + " returned is not valid any more since "
                            + end.function() + "() at " + the.names().line(end.insn()) + " released it; " + verb(the)
                            + " through it.")
                    .mendedBy("Use the pointer before " + the.names().line(end.insn())
                            + ", or copy what you need to a variable first.")
                    .decidedAt(end.insn());
        }
        Origin.Call unlock = the.story()
                .lastCall(call -> call.step() > source.step()
                        && (LockAdvice.isRelease(call) || call.function().equals("bpf_rcu_read_unlock")));
        boolean isObject = source.element() == null;
        if (unlock == null || !isObject) {
            return null;
        }
        return advice.because("The pointer that " + the.names().call(source) + " returned was valid only until "
                        + unlock.function() + "() at " + the.names().line(unlock.insn()) + "; " + verb(the)
                        + " through it.")
                .mendedBy("Use the pointer before " + the.names().line(unlock.insn())
                        + ", or take a reference that outlives it.")
                .decidedAt(unlock.insn());
    }

    /** A pointer that nothing compared with NULL. */
    static Advice mayBeNull(Case the) {
        Advice advice = Advice.general(RefusalKind.of("null-pointer"));
        Integer register = register(the);
        Origin base = register == null ? Origin.UNKNOWN : the.story().replay().register(register);
        Op.Kind refused = the.refused().op().kind();
        boolean isCall = refused == Op.Kind.CALL_HELPER || refused == Op.Kind.CALL_KFUNC;
        String use = isCall ? the.here() + " passes it to " + the.call().function() + "()" : verb(the) + " through it";
        if (!(base instanceof Origin.Result result)) {
            return advice.because("The pointer may be NULL, and nothing checks it before " + use + ".")
                    .mendedBy("Compare it with NULL before " + the.here() + ", and use it only where it is not.");
        }
        boolean checked = the.story().isChecked(result.call());
        return advice.because(the.names().call(result.call()) + " may return NULL, and "
                        + (checked ? "this path does not exclude that before " : "its result is not checked before ")
                        + use + ".")
                .mendedBy("Right after " + result.call().function() + "() at "
                        + the.names().line(result.call().insn()) + ", leave where "
                        + assigned(the, result.call()))
                .decidedAt(result.call().insn());
    }

    /** The check of a call's result, by the variable that takes it where the source line shows that. */
    private static String assigned(Case the, Origin.Call call) {
        String line = the.names().location(call.insn()).source();
        Matcher matcher = Pattern.compile(
                        "\\b(\\w+)\\s*=\\s*(?:\\([^()]*\\)\\s*)?" + Pattern.quote(call.function()) + "\\s*\\(")
                .matcher(line);
        return matcher.find()
                ? "`" + matcher.group(1) + "` is NULL: `if (!" + matcher.group(1) + ") return 0;`."
                : "its result is NULL: `if (!result) return 0;`, with your variable for result.";
    }

    /** A register that was never written, or that a call left without a value. */
    static Advice unreadable(Case the) {
        Integer register = register(the);
        Origin.Call last = the.story().lastCall(_ -> true);
        boolean isArgument = register != null && register >= 1 && register <= 5;
        String why = last != null && isArgument
                ? "R" + register + " has no value at " + the.here() + ": calls such as " + last.function() + "() at "
                        + the.names().line(last.insn()) + " leave R1 to R5 without one."
                : "R" + register + " is read at " + the.here() + ", but nothing on this path wrote it"
                        + (register != null && register == 0 ? " (the function returns without a value)." : ".");
        return the.general().because(why);
    }

    /** The register that the message names, else the one behind the argument that it names; null if none. */
    private static @Nullable Integer register(Case the) {
        Matcher matcher = REGISTER.matcher(the.text());
        if (matcher.find()) {
            return Math.min(Integer.parseInt(matcher.group(1)), 10);
        }
        Matcher argument = ARGUMENT.matcher(the.text().toLowerCase(Locale.ROOT));
        return argument.find() ? Math.min(Integer.parseInt(argument.group(1)) + 1, 5) : null;
    }
}
