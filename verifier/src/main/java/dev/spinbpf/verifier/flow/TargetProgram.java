package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program that was verified, to whose functions another program attaches in place of the kernel's: Linux's {@code dst_prog}.
 *
 * @param program the program; one that replaces a function has the kind of that function's program
 * @param types the program's types; {@link Btf#EMPTY} if Linux does not take them
 * @param attachment what it attaches to itself
 * @param functions its functions; the first is the main function
 */
public record TargetProgram(Program program, Btf types, Attachment attachment, List<Function> functions) {

    /** Attachments that Linux tells apart. */
    public enum Attachment {
        /** It replaces a function of a program. */
        REPLACES,
        /** It traces a program that traces. */
        TRACES_TRACING,
        /** It attaches to something else, or to nothing. */
        OTHER
    }

    /**
     * A function of the program.
     *
     * @param btfFuncId id of its FUNC in the program's types, 0 if it has none
     * @param reliable whether all of its callers pass what its prototype says
     * @param changesPackets whether it calls what may move a packet
     * @param maySleep whether it calls what may sleep
     * @param handlesExceptions whether it is the program's exception callback
     */
    public record Function(
            int btfFuncId, boolean reliable, boolean changesPackets, boolean maySleep, boolean handlesExceptions) {}

    /** The target of which a path has walked all functions. */
    public static TargetProgram of(Exploration path) {
        ProgramUnit unit = path.unit();
        var functions = new Function[unit.subprogs().size()];
        for (int i = 0; i < functions.length; i++) {
            SubprogInfo info = unit.subprog(i);
            boolean reliable = i == 0 && !unit.isExtension() ? takesContext(path) : !path.subprogTrace(i).unreliable;
            functions[i] = new Function(
                    info.btfFuncId, reliable, info.changesPktData, info.mightSleep, info.isExceptionCallback);
        }
        return new TargetProgram(unit.program(), unit.btf(), attachmentOf(unit), List.of(functions));
    }

    private static Attachment attachmentOf(ProgramUnit unit) {
        TargetProgram target = unit.targetProgram();
        if (target == null) {
            return Attachment.OTHER;
        }
        if (unit.isExtension()) {
            return Attachment.REPLACES;
        }
        boolean tracing = unit.program().type() == ProgType.TRACING && target.kind() == ProgType.TRACING;
        return tracing ? Attachment.TRACES_TRACING : Attachment.OTHER;
    }

    /** The type with which it was loaded. */
    public ProgType kind() {
        return attachment == Attachment.REPLACES ? ProgType.EXT : program.type();
    }

    private static boolean takesContext(Exploration path) {
        try {
            List<SubprogArg> args = Prototypes.prepare(path, 0);
            return args.size() == 1 && args.getFirst().kind() == SubprogArg.Kind.CTX;
        } catch (Rejection _) {
            return false;
        }
    }

    /** Returns whether a function of that name is in the program's types. */
    public boolean declares(String name) {
        return types.find(name, BtfType.Func.class) > 0;
    }

    /** The function with that type, or null if the program has none. */
    public @Nullable Function function(int btfFuncId) {
        for (Function function : functions) {
            if (function.btfFuncId == btfFuncId) {
                return function;
            }
        }
        return null;
    }

    /** The program that replaces one of the functions, as Linux verifies it: of the target's kind. */
    public Program inherited(Program extension) {
        return new Program(
                extension.name(),
                extension.section(),
                program.type(),
                program.attachType(),
                program.type() == ProgType.STRUCT_OPS ? program.attachTarget() : extension.attachTarget(),
                extension.sleepable(),
                extension.autoload(),
                extension.insns(),
                extension.subprogs(),
                extension.lines());
    }
}
