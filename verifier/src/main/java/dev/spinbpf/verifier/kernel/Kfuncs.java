package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All kernel functions that programs may call on Linux 7.2. */
public final class Kfuncs {
    private static final int FIRST_PARAM_COLUMN = 6;
    private final Map<String, Kfunc> known = new HashMap<>();
    private final Map<String, Boolean> others = new HashMap<>();

    private final ProgramTypes types;
    private final KernelStructs structs;
    private final KfuncArgKinds argKinds;
    private final KfuncGroups groups;

    Kfuncs(Kernel kernel) {
        types = kernel.programTypes();
        structs = kernel.structs();
        argKinds = new KfuncArgKinds(kernel.version());
        groups = new KfuncGroups(kernel.version());
        for (String[] row : Tables.rows("kfuncs.tsv", kernel.version())) {
            known.put(row[0], kfunc(row));
        }
        for (String[] row : Tables.rows("implicit_arguments.tsv", kernel.version())) {
            known.computeIfPresent(row[0], (name, kfunc) -> kfunc.withImplicit(param(row[1], false)));
        }
        for (String[] row : Tables.rows("kfuncs_other.tsv", kernel.version())) {
            others.put(row[0], row.length > 1 && row[1].equals("device"));
        }
    }

    private Kfunc kfunc(String[] row) {
        int at = row[1].indexOf('@');
        String hooks = at < 0 ? row[1] : row[1].substring(0, at);
        Set<Kfunc.Flag> flags = EnumSet.noneOf(Kfunc.Flag.class);
        Tables.words(row[2]).forEach(flag -> flags.add(Kfunc.Flag.valueOf(flag)));
        boolean isIterator = flags.contains(Kfunc.Flag.ITER_NEW)
                || flags.contains(Kfunc.Flag.ITER_NEXT)
                || flags.contains(Kfunc.Flag.ITER_DESTROY);
        List<Kfunc.Param> params = new ArrayList<>();
        for (int i = FIRST_PARAM_COLUMN; i < row.length; i++) {
            params.add(param(row[i], isIterator && i == FIRST_PARAM_COLUMN));
        }
        return new Kfunc(
                row[0],
                Set.of(hooks.split(",", -1)),
                at < 0 ? "" : row[1].substring(at + 1),
                flags,
                new KfuncTraits(row[3]),
                Integer.parseInt(row[4]),
                KernelType.parse(row[5], structs),
                List.copyOf(params));
    }

    private Kfunc.Param param(String declaration, boolean isIterator) {
        int space = declaration.lastIndexOf(' ');
        KernelType type = KernelType.parse(declaration.substring(0, space), structs);
        String name = declaration.substring(space + 1);
        return new Kfunc.Param(type, name, isIterator ? KfuncArgKind.ITERATOR : argKinds.find(type, name));
    }

    /** The function of that name whose rules are known, or null. */
    public @Nullable Kfunc find(String name) {
        return known.get(name);
    }

    /** Returns whether Linux has the function. */
    public boolean exists(String name) {
        return known.containsKey(name) || others.containsKey(name);
    }

    /** Returns whether only programs that are bound to a device may call the function. */
    public boolean needsDevice(String name) {
        return others.getOrDefault(name, false);
    }

    /** Returns the types of programs that may call the function, some perhaps only where they are attached in some way. */
    public List<ProgType> programTypes(Kfunc kfunc) {
        return Arrays.stream(ProgType.values())
                .filter(type ->
                        kfunc.hooks().contains("COMMON") || kfunc.hooks().contains(types.kfuncHook(type)))
                .toList();
    }

    /** Returns whether programs of this kind may call the function. */
    public boolean isAllowed(Kfunc kfunc, Program program) {
        String hook = types.kfuncHook(program.type());
        if (!kfunc.hooks().contains("COMMON") && !kfunc.hooks().contains(hook)) {
            return false;
        }
        if (KfuncGroups.isGroupFilter(kfunc.filter())) {
            return groups.isAdmitted(kfunc.filter(), hook, program);
        }
        AttachType attach = program.attachType();
        return switch (kfunc.filter()) {
            case "lsm" -> program.type() == ProgType.LSM;
            case "ksock" ->
                program.type() == ProgType.SYSCALL
                        || program.type() == ProgType.LSM && !"socket_sendmsg".equals(program.attachTarget());
            case "iter" -> attach == AttachType.TRACE_ITER;
            case "session" ->
                attach == AttachType.TRACE_KPROBE_SESSION
                        || attach == AttachType.TRACE_UPROBE_SESSION
                        || attach == AttachType.TRACE_FSESSION
                        || attach == AttachType.TRACE_FSESSION_MULTI;
            case "skb" -> program.type() != ProgType.STRUCT_OPS || StructOps.isQdisc(program);
            case "qdisc" -> StructOps.isQdisc(program);
            case "enqueue" -> StructOps.isQdisc(program, "enqueue");
            case "dequeue" -> StructOps.isQdisc(program, "dequeue");
            case "queue" -> StructOps.isQdisc(program, "enqueue", "dequeue");
            default -> true;
        };
    }
}
