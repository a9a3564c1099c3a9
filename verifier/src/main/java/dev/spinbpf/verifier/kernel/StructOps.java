package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.model.Program;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The kernel's structs of which {@code struct_ops} programs implement functions. */
public final class StructOps {
    public static final String TCP_CONGESTION_OPS = "tcp_congestion_ops";
    public static final String QDISC_OPS = "Qdisc_ops";

    private final Map<String, Rules> rules = new HashMap<>();

    /**
     * The rules of one struct.
     *
     * @param helperSet the helpers of its programs, a name in the table of helper sets
     * @param members the functions that programs may implement
     * @param sleepable those of them that may sleep
     * @param stubs the structs whose do-nothing functions say more of the arguments, in the order in which they are asked
     */
    public record Rules(String helperSet, Set<String> members, Set<String> sleepable, List<String> stubs) {}

    StructOps(KernelVersion version) {
        for (String[] row : Tables.rows("struct_ops.tsv", version)) {
            Set<String> sleepable = Tables.words(row[3]);
            List<String> stubs = row.length > 4 ? List.of(row[0], row[4]) : List.of(row[0]);
            rules.put(row[0], new Rules(row[1], Tables.words(row[2]), sleepable, stubs));
        }
    }

    /**
     * Returns the rules of a struct.
     *
     * @throws UnsupportedFeature if they are not known
     */
    public Rules rules(String struct) {
        Rules known = rules.get(struct);
        if (known == null) {
            throw new UnsupportedFeature("struct_ops " + struct + " is not supported");
        }
        return known;
    }

    /** True if the program is one of a packet scheduler's functions of these names; of any, if none are given. */
    static boolean isQdisc(Program program, String... members) {
        return program.structName().equals(QDISC_OPS)
                && (members.length == 0 || List.of(members).contains(program.memberName()));
    }
}
