package dev.spinbpf.verifier.log;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says in plain words why a program was refused: what is wrong where, what is held and where it was taken, and by which way the
 * program gets there.
 */
public final class Explanation {
    private static final int MAX_DECISIONS = 12;
    private static final Pattern LOCK_ARGUMENT = Pattern.compile("spin_(?:un)?lock\\w*\\(\\s*&?\\s*([^,()]+)");

    private final Exploration path;
    private final String message;
    private final int insn;
    private final StringBuilder out = new StringBuilder();

    private Explanation(Exploration path, String message) {
        this.path = path;
        this.message = message;
        this.insn = path.insnIndex();
    }

    /**
     * Explains a refusal.
     *
     * @param path the verification, in the state in which it was given up
     * @param message the message that it was given up with
     * @return one or more lines without a line's end after the last; empty if there is nothing to add to the message
     */
    public static String explain(Exploration path, String message) {
        boolean inProgram =
                path.insnIndex() >= 0 && path.insnIndex() < path.unit().length();
        boolean walked = inProgram && path.insnProcessed > 0;
        return walked ? new Explanation(path, message).text() : "";
    }

    private String text() {
        explainLocks();
        if (out.isEmpty()) {
            String source = Place.text(path, insn);
            line("This is found at " + Place.of(path, insn) + (source.isEmpty() ? "." : ": `" + source + "`."));
            listHeld();
        }
        listDecisions();
        return out.toString().stripTrailing();
    }

    private void line(String text) {
        out.append(text).append('\n');
    }

    private void explainLocks() {
        String here = Place.of(path, insn);
        if (message.contains("AA deadlock")) {
            String name = lockName(insn);
            line("The lock " + (name.isEmpty() ? "" : name + " ") + "that " + here
                    + " takes is already held on this path:" + " the program would wait for itself.");
            listHeld();
        } else if (message.contains("cannot be out of order")) {
            line("The lock taken last must be released first, but " + here + " releases " + lockAt(insn)
                    + " while a lock that was taken later is held.");
            listHeld();
        } else if (message.contains("unlock of different lock")) {
            line(here + " releases " + lockAt(insn) + ", which is not a lock that this path holds.");
            listHeld();
        } else if (message.contains("without taking a lock")) {
            line(here + " releases " + lockAt(insn) + ", but this path holds no lock there:"
                    + " it was not taken, was released before, or taking it failed.");
        } else if (message.contains("not allowed while holding a lock")) {
            line(here + " calls " + callee() + " while a lock is held. Within a locked region only static functions,"
                    + " the lock functions and a few helpers may be called.");
            listHeld();
        } else if (message.startsWith("BPF_EXIT")) {
            line("The program returns at " + here + " without releasing what it holds.");
            listHeld();
        }
    }

    private String callee() {
        Insn call = path.unit().insn(insn);
        if (call.op() == Op.CALL_HELPER) {
            String name = HelperIds.name(call.immLow());
            return name == null ? "a helper" : "`" + name + "`";
        }
        if (call.op() == Op.CALL_KFUNC
                && call.immLow() < path.unit().object().kfuncs().size()) {
            return "`" + path.unit().object().kfuncs().get(call.immLow()).name() + "`";
        }
        if (call.op() == Op.CALL_SUBPROG) {
            int subprog = path.unit().findSubprog(insn + call.immLow() + 1);
            return subprog < 0 ? "a function" : "`" + path.unit().subprog(subprog).name + "`";
        }
        return "a function";
    }

    private String lockAt(int call) {
        String name = lockName(call);
        return name.isEmpty() ? "a lock" : name;
    }

    /** The lock that the call takes or releases, as the source names it, or an empty string. */
    private String lockName(int call) {
        Matcher matcher = LOCK_ARGUMENT.matcher(Place.text(path, call));
        return matcher.find() ? "`" + matcher.group(1).strip() + "`" : "";
    }

    private void listHeld() {
        for (AcquiredReference reference : path.state().references()) {
            line("  " + describe(reference));
        }
        if (path.state().activePreemptLocks() > 0) {
            line("  preemption is disabled");
        }
        if (path.state().activeRcuLocks() > 0) {
            line("  an RCU read section is open");
        }
    }

    private String describe(AcquiredReference reference) {
        String where = Place.of(path, reference.insn());
        return switch (reference.type()) {
            case LOCK, RES_LOCK, RES_LOCK_IRQ -> {
                Matcher matcher = LOCK_ARGUMENT.matcher(Place.text(path, reference.insn()));
                String name = matcher.find() ? "the lock `" + matcher.group(1).strip() + "`" : "a lock";
                yield name + owner(reference) + ", taken at " + where + ", is held";
            }
            case IRQ -> "interrupts are disabled since " + where;
            case PTR -> "an object acquired at " + where + " is not released";
        };
    }

    private static String owner(AcquiredReference reference) {
        return switch (reference.lockOwner()) {
            case MapInfo map when map.def().isGlobalData() -> " (global data " + map.name() + ")";
            case MapInfo map -> " (in a value of map " + map.name() + ")";
            case RegPayload.BtfRef type ->
                " (in a " + type.btf().type(type.typeId()).name() + ")";
            case null, default -> "";
        };
    }

    private void listDecisions() {
        List<String> decisions = Path.to(path).decisions();
        if (decisions.isEmpty()) {
            return;
        }
        line("The path that leads there:");
        int left = decisions.size() - MAX_DECISIONS;
        for (int i = 0; i < decisions.size(); i++) {
            if (left <= 0 || i < MAX_DECISIONS / 2 || i >= decisions.size() - MAX_DECISIONS / 2) {
                line("  " + decisions.get(i));
            } else if (i == MAX_DECISIONS / 2) {
                line("  ... " + left + " more ...");
            }
        }
    }
}
