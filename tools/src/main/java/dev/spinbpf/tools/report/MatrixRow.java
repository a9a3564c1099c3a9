package dev.spinbpf.tools.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One program's line where several kernels are compared.
 *
 * @param fileName the file's name without directories
 * @param progName the program, empty for a file that cannot be read
 * @param verdicts one row for each kernel, null where that kernel's object has no such program
 */
public record MatrixRow(String fileName, String progName, List<@Nullable VerifyRow> verdicts) {

    /** The lines of one file, in the order in which its programs come for the first kernel that has them. */
    public static List<MatrixRow> of(List<List<VerifyRow>> kernels) {
        Map<String, @Nullable VerifyRow[]> byProgram = new LinkedHashMap<>();
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            for (VerifyRow row : kernels.get(kernel)) {
                byProgram.computeIfAbsent(row.progName(), name -> new VerifyRow[kernels.size()])[kernel] = row;
            }
        }
        List<MatrixRow> rows = new ArrayList<>();
        for (@Nullable VerifyRow[] verdicts : byProgram.values()) {
            VerifyRow first = first(verdicts);
            List<@Nullable VerifyRow> all = new ArrayList<>();
            for (VerifyRow verdict : verdicts) {
                all.add(verdict);
            }
            rows.add(new MatrixRow(first.fileName(), first.progName(), all));
        }
        return rows;
    }

    private static VerifyRow first(@Nullable VerifyRow[] verdicts) {
        for (VerifyRow verdict : verdicts) {
            if (verdict != null) {
                return verdict;
            }
        }
        throw new IllegalArgumentException("a program that no kernel has");
    }

    /** The kind of program, as for the first kernel that has it. */
    public String progType() {
        return first().progType();
    }

    /** The word for one kernel: the verdict, or a dash where there is no such program. */
    String word(int kernel) {
        VerifyRow verdict = verdicts.get(kernel);
        return verdict == null ? "-" : verdict.verdict().word();
    }

    /** The row for the first kernel that has the program. */
    VerifyRow first() {
        return verdicts.stream().filter(Objects::nonNull).findFirst().orElseThrow();
    }

    /**
     * Why kernels do not accept the program: kernels that say the same together, in the order of the first of each.
     *
     * @param names the names of the kernels
     */
    List<KernelReason> reasons(List<String> names) {
        Map<List<String>, KernelReason> reasons = new LinkedHashMap<>();
        for (int kernel = 0; kernel < verdicts.size(); kernel++) {
            VerifyRow row = verdicts.get(kernel);
            if (row != null && row.verdict() != VerifyRow.Outcome.SUCCESS) {
                List<String> words =
                        List.of(row.reason().message(), row.reason().explanation());
                reasons.computeIfAbsent(words, _ -> new KernelReason(new ArrayList<>(), row))
                        .kernels()
                        .add(names.get(kernel));
            }
        }
        return List.copyOf(reasons.values());
    }
}
