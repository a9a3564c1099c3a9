package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.refusal.Explanation;
import java.util.ArrayList;
import java.util.List;

/**
 * The programs that a struct of the object refers to ({@code struct_ops}) are loaded with each other program of the object, as
 * the struct is made of them: the first one that is refused ends the loading. Programs before it have been verified then, those
 * after it never are; and a struct that the kernel does not have ends the loading before any.
 */
final class StructLoading {
    /** Stands for a program that nobody asked for. */
    static final VerifyRow UNWANTED = VerifyRow.unreadable("", "");

    private static final String LIBBPF = "libbpf: ";
    private static final String UNKNOWN_STRUCT = LIBBPF + "struct_ops init_kern: ";

    private int count;
    private int failed = -1;
    private LoadRefusal refusal = new LoadRefusal(0, "", "");

    /** Returns true if the program is loaded whenever one of the object is. */
    static boolean isLoadedAlways(Program program) {
        String target = program.attachTarget();
        return program.type() == ProgType.STRUCT_OPS && program.autoload() && target != null && target.contains(".");
    }

    /** Notes the verdict on the next program of the object. */
    void add(Program program, Verdict verdict) {
        if (failed < 0 && isLoadedAlways(program) && verdict instanceof Verdict.Rejected rejected) {
            boolean isLoaders = rejected.message().startsWith(LIBBPF);
            if (!isLoaders || rejected.message().startsWith(UNKNOWN_STRUCT)) {
                failed = count;
                refusal = isLoaders ? unknownStruct(rejected) : refusedProgram(program, rejected);
            }
        }
        count++;
    }

    private static LoadRefusal unknownStruct(Verdict.Rejected rejected) {
        String reason =
                "The object registers a struct of functions that the kernel does not have, so that nothing of the"
                        + " object is loaded.";
        return new LoadRefusal(rejected.errno(), rejected.message(), reason);
    }

    private static LoadRefusal refusedProgram(Program program, Verdict.Rejected rejected) {
        String message =
                LIBBPF + "prog '" + program.name() + "': BPF program load failed: -" + Errno.name(rejected.errno());
        String reason = "A struct of the object refers to program " + program.name()
                + ", which is refused, so that nothing of the object is loaded.";
        return new LoadRefusal(rejected.errno(), message, reason);
    }

    /** Returns the rows of the object's programs as they are if it is loaded; without those that nobody asked for. */
    List<VerifyRow> applied(List<VerifyRow> rows) {
        List<VerifyRow> loaded = new ArrayList<>();
        if (failed < 0) {
            loaded.addAll(rows);
            loaded.removeIf(UNWANTED::equals);
            return loaded;
        }
        Explanation explanation = Verifier.explain(refusal);
        var reason = new VerifyRow.Reason(refusal.message(), explanation.text(), explanation, null);
        boolean isBeforeAll = refusal.message().startsWith(UNKNOWN_STRUCT);
        for (int i = 0; i < rows.size(); i++) {
            VerifyRow row = rows.get(i);
            if (row.equals(UNWANTED)) {
                continue;
            }
            boolean isAfter = isBeforeAll || i > failed;
            boolean failsItself = i <= failed && row.verdict() != VerifyRow.Outcome.SUCCESS;
            boolean isKept = row.verdict() == VerifyRow.Outcome.INTERNAL
                    || (failsItself && !isBeforeAll)
                    || (!isBeforeAll && row.reason().message().startsWith(LIBBPF));
            loaded.add(isKept ? row : row.refused(reason, isAfter));
        }
        return loaded;
    }
}
