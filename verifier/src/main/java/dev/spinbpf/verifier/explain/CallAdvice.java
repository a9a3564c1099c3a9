package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.Kfuncs;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Advice on calls that are not allowed, and on sizes and bounds. */
final class CallAdvice {
    private static final Pattern ACCESS = Pattern.compile("(?:value|mem|key)_size=(\\d+) off=(-?\\d+) size=(\\d+)");
    private static final Pattern PACKET = Pattern.compile("off=(-?\\d+) size=(\\d+).*r=(-?\\d+)");

    private static final int MOST_TYPES = 8;

    private CallAdvice() {}

    private static final Pattern TYPES = Pattern.compile("R(\\d)\\S* type=(\\S*) expected=(.*)");

    /** A register that does not hold what the function takes. */
    static Advice argumentType(Case the) {
        Matcher matcher = TYPES.matcher(the.text());
        if (!matcher.find()) {
            return general(the);
        }
        int number = Integer.parseInt(matcher.group(1));
        Origin origin = the.story().replay().register(number);
        String value = the.names().value(origin);
        String expected = matcher.group(3).startsWith("ptr_")
                ? "a pointer to a kernel struct (" + matcher.group(3) + ")"
                : matcher.group(3);
        return the.general()
                .because(the.call().function() + "() at " + the.here() + " takes " + expected + " as argument " + number
                        + ", and gets " + matcher.group(2) + (value == null ? "" : ", " + value) + ".")
                .mendedBy(
                        isCurrentTask(origin)
                                ? "Take the task from bpf_get_current_task_btf(), which returns a pointer;"
                                        + " bpf_get_current_task() returns a number."
                                : "Pass what the prototype of " + the.call().function()
                                        + "() asks for; a pointer that was copied"
                                        + " through memory or arithmetic has become a number.");
    }

    private static boolean isCurrentTask(Origin origin) {
        return origin instanceof Origin.Result result
                && result.call().function().equals("bpf_get_current_task");
    }

    /** A loop without an end: a variable whose address a call gets has no value that is known from round to round. */
    static Advice loop(Case the) {
        Origin.Call call = the.story().lastCall(one -> one.args().stream().anyMatch(Origin.Stack.class::isInstance));
        return call == null
                ? the.general()
                : the.general()
                        .because(the.general().reason() + " " + call.function() + "() at "
                                + the.names().line(call.insn())
                                + " gets the address of a variable on the stack: if that one counts the rounds, its value is not"
                                + " known.")
                        .mendedBy(
                                "Count the rounds up to a constant in a variable of its own, and copy it to the one whose"
                                        + " address " + call.function() + "() gets; or use bpf_for() or bpf_repeat().");
    }

    /** The general words, with the call that they are about. */
    static Advice general(Case the) {
        Op op = the.refused().op();
        boolean isCall = op == Op.CALL_HELPER || op == Op.CALL_KFUNC || op == Op.CALL_SUBPROG;
        Advice general = the.general();
        return isCall
                ? general.because(
                        "At " + the.here() + ", in the call of " + the.call().function() + "(): " + general.reason())
                : general;
    }

    /** A function that programs of this type may not call. */
    static Advice notAllowed(Case the) {
        ProgType type = the.unit().program().type();
        return the.general()
                .because(the.call().function() + "() at " + the.here() + " may not be called by programs of type "
                        + type.display() + " (" + the.unit().program().section() + ").")
                .mendedBy(
                        "Call it from a program of a type that may" + mayCall(the) + ", or use another function here.");
    }

    /** The types of programs that may call the kernel function, the first of them where there are many; empty for helpers. */
    private static String mayCall(Case the) {
        Kfuncs kfuncs = the.unit().kernel().kfuncs();
        Kfunc kfunc = kfuncs.find(the.call().function());
        if (kfunc == null) {
            return "";
        }
        List<String> types = kfuncs.programTypes(kfunc).stream()
                .sorted(Comparator.comparing(type -> type != ProgType.TRACING))
                .map(type -> type == ProgType.TRACING ? "tracing (SEC(\"fentry/...\"))" : type.display())
                .toList();
        String more = types.size() > MOST_TYPES ? " and " + (types.size() - MOST_TYPES) + " others" : "";
        return types.isEmpty()
                ? ""
                : " (" + String.join(", ", types.subList(0, Math.min(MOST_TYPES, types.size()))) + more + ")";
    }

    static Advice license(Case the) {
        String license = the.unit().object().license();
        return the.general()
                .because("Only GPL-compatible programs may use this, and the object's license is "
                        + (license.isEmpty() ? "missing" : "'" + license + "'") + ".");
    }

    /** An access whose numbers the message gives. */
    static Advice bounds(Case the) {
        Matcher matcher = ACCESS.matcher(the.text());
        if (!matcher.find()) {
            return the.general();
        }
        long size = number(matcher.group(1));
        long off = number(matcher.group(2));
        long bytes = number(matcher.group(3));
        return the.general()
                .because(the.here() + " accesses " + bytes(bytes) + " at offset " + off + " of memory that has "
                        + bytes(size) + (off < 0 ? "." : ": " + (off + bytes - size) + " too many."));
    }

    static Advice packet(Case the) {
        Matcher matcher = PACKET.matcher(the.text());
        if (!matcher.find()) {
            return the.general();
        }
        long off = number(matcher.group(1));
        long bytes = number(matcher.group(2));
        long range = number(matcher.group(3));
        return the.general()
                .because(the.here() + " accesses packet bytes " + off + " to " + (off + bytes - 1)
                        + ", and on this path " + (range <= 0 ? "none are" : "only " + bytes(range) + " are")
                        + " known to exist.")
                .mendedBy("Before " + the.here() + ", leave where the packet is shorter: `if (data + " + (off + bytes)
                        + " > data_end) return ...;`.");
    }

    private static String bytes(long count) {
        return count + (count == 1 ? " byte" : " bytes");
    }

    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return 0; // a number of more than 64 bits is no offset
        }
    }
}
