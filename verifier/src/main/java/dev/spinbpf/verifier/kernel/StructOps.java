package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import java.util.List;

/** Which function of which of the kernel's structs a {@code struct_ops} program implements. */
public final class StructOps {
    public static final String TCP_CONGESTION_OPS = "tcp_congestion_ops";
    public static final String QDISC_OPS = "Qdisc_ops";
    public static final String DUMMY_OPS = "bpf_dummy_ops";

    private StructOps() {}

    /** The struct that the program implements a function of, or an empty string. */
    public static String structOf(Program program) {
        String target = program.attachTarget();
        int dot = target == null ? -1 : target.indexOf('.');
        if (target == null || dot < 0) {
            return "";
        }
        return target.substring(0, Btf.essentialNameLength(target.substring(0, dot)));
    }

    /** The function's name, or an empty string. */
    public static String memberOf(Program program) {
        String target = program.attachTarget();
        return target == null ? "" : target.substring(target.indexOf('.') + 1);
    }

    /** Whether the program is one of a packet scheduler's functions of these names; of any, if none are given. */
    public static boolean isQdisc(Program program, String... members) {
        return structOf(program).equals(QDISC_OPS)
                && (members.length == 0 || List.of(members).contains(memberOf(program)));
    }

    /** The helpers of the struct's programs, a name in the table of helper sets. */
    public static String helperSet(Program program) {
        return switch (structOf(program)) {
            case TCP_CONGESTION_OPS -> "tcp_congestion_ops";
            case QDISC_OPS, DUMMY_OPS -> "base";
            default -> throw new UnsupportedFeature("struct_ops " + structOf(program) + " is not supported");
        };
    }
}
