package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.util.List;
import java.util.Set;

/**
 * Says why a program was refused: which kind of mistake it is, what this program did, where, by which way, and what to change.
 *
 * <p>The message decides the kind. What is particular to the program comes from its path, which {@link Replay} follows once more: it
 * is known there which lock, element or result of a call each register holds. Advice that needs what the path does not tell
 * falls back to the kind's general words; it never contradicts the message.
 */
public final class Explainer {
    /** Kinds for which it does not matter by which way the instruction is reached. */
    private static final Set<String> NOT_CAUSED_BY_PATHS = Set.of(
            "lock-declaration",
            "lock-argument",
            "helper-not-allowed",
            "kfunc-not-allowed",
            "license",
            "relocation",
            "types",
            "global-function");

    private Explainer() {}

    /**
     * Explains a refusal.
     *
     * @param path the verification, in the state in which it was given up
     * @param text the message that it was given up with
     */
    public static Explanation explain(Exploration path, String text) {
        List<VerifierLog.Note> notes = path.log().notes();
        if (notes.isEmpty()) {
            RefusalKind kind = RefusalKind.of("instruction");
            return new Explanation(kind, kind.reason(), null, List.of(), 0, kind.remedy());
        }
        VerifierLog.Note note = decisive(notes);
        Message message = note.message();
        var names = new Names(path);
        boolean inProgram =
                path.insnIndex() >= 0 && path.insnIndex() < path.unit().length();
        if (!inProgram || path.insnProcessed == 0) {
            return beforePaths(path, names, message, text, withFirstLines(notes, text));
        }
        var story = new Story(path, names);
        boolean isLast = note.equals(notes.getLast());
        var the = new Case(path, story, names, message, isLast ? text : note.text());
        Advice advice = advice(the);
        PathSteps.Told told = NOT_CAUSED_BY_PATHS.contains(advice.kind().id())
                ? PathSteps.NONE
                : new PathSteps(story, names, path.insnIndex(), advice).told();
        return new Explanation(
                advice.kind(),
                withFirstLines(notes, text) + advice.reason(),
                names.location(path.insnIndex()),
                told.steps(),
                told.more(),
                advice.remedy(),
                story.holdings());
    }

    /** The message that says what is wrong: one about an offset only adds to the one before it. */
    private static VerifierLog.Note decisive(List<VerifierLog.Note> notes) {
        VerifierLog.Note last = notes.getLast();
        boolean adds = last.message().name().startsWith("OFFSET_") && notes.size() > 1;
        return adds ? notes.get(notes.size() - 2) : last;
    }

    /** A refusal before any path was walked: nothing but the program's text is known. */
    private static Explanation beforePaths(
            Exploration path, Names names, Message message, String text, String firstLines) {
        boolean byType = RefusalKind.ofMessage(message.name()).id().equals("lock-program-type");
        var the = new Case(path, Story.none(path, names), names, message, text);
        Advice advice =
                switch (message) {
                    case KERNEL_SYMBOL_WITHOUT_ADDRESS, KFUNC_WITHOUT_ADDRESS -> LoadAdvice.withoutAddress(the);
                    case TARGET_WITHOUT_ADDRESS -> LoadAdvice.targetWithoutAddress(the);
                    default -> byType ? DeclarationAdvice.programType(the) : the.general();
                };
        Location at = names.location(byType ? 0 : path.insnIndex());
        return new Explanation(advice.kind(), firstLines + advice.reason(), at, List.of(), 0, advice.remedy());
    }

    /** Of a message of several lines the last is the message; the others would be lost. */
    private static String withFirstLines(List<VerifierLog.Note> notes, String text) {
        String first = notes.getFirst().text();
        boolean same = notes.size() == 1
                || first.startsWith(text)
                || notes.getFirst().message() == Message.UNRELEASED_REFERENCE;
        return same
                ? ""
                : "Linux's message begins with '"
                        + first.lines().findFirst().orElse("").strip() + "'. ";
    }

    private static Advice advice(Case the) {
        Advice ofFlags = IrqAdvice.of(the);
        if (ofFlags != null) {
            return ofFlags;
        }
        return switch (the.message()) {
            case INVALID_FUNC -> LoadAdvice.invalidFunction(the);
            case UNLOCK_WITHOUT_LOCK -> LockAdvice.notHeld(the);
            case UNLOCK_OF_DIFFERENT_LOCK -> LockAdvice.mismatch(the);
            case UNLOCK_OUT_OF_ORDER -> LockAdvice.order(the);
            case LOCK_AA_DEADLOCK -> LockAdvice.twice(the);
            case SPIN_LOCK_MUST_BE_HELD, HELD_LOCK_OF_OTHER_ALLOCATION -> LockAdvice.required(the);
            case LOCK_HELD, IRQS_DISABLED, PREEMPTION_DISABLED, RCU_READ_LOCKED -> LeakAdvice.section(the);
            case REFERENCE_HELD, UNRELEASED_REFERENCE, LEAKING_REFERENCE -> LeakAdvice.reference(the);
            case CALL_UNDER_LOCK, GLOBAL_CALL_UNDER_LOCK, USE_STATIC_FUNCTION -> LeakAdvice.callUnderLock(the);
            case LOCK_NEEDS_BTF, FIELD_NEEDS_BTF, KPTR_XCHG_NEEDS_BTF -> DeclarationAdvice.needsTypes(the);
            case LOCK_NOT_VALID, FIELD_NOT_VALID -> DeclarationAdvice.notValid(the);
            case LOCK_NOT_IN_MAP_VALUE_OR_OBJECT, LOCK_OFFSET_NOT_CONSTANT, LOCK_NOT_AT_OFFSET ->
                DeclarationAdvice.argument(the);
            case INFINITE_LOOP -> CallAdvice.loop(the);
            case SPIN_LOCK_IN_TRACING,
                    SPIN_LOCK_IN_SOCKET_FILTER,
                    GRAPH_ROOTS_IN_TRACING,
                    TIMER_IN_TRACING,
                    WORKQUEUE_IN_TRACING -> DeclarationAdvice.programType(the);
            default -> ofMemory(the);
        };
    }

    private static Advice ofMemory(Case the) {
        return switch (the.message()) {
            case INVALID_MEM_ACCESS -> PointerAdvice.access(the);
            case REG_TYPE_UNEXPECTED ->
                the.text().contains("or_null") ? PointerAdvice.mayBeNull(the) : CallAdvice.argumentType(the);
            case POSSIBLY_NULL_TO_HELPER,
                    POSSIBLY_NULL_TO_TRUSTED_ARG,
                    POINTER_ARITHMETIC_BEFORE_NULL_CHECK,
                    NON_NULL_EXPECTED -> PointerAdvice.mayBeNull(the);
            case REG_NOT_READABLE -> PointerAdvice.unreadable(the);
            case INVALID_MAP_VALUE_ACCESS, INVALID_MEMORY_ACCESS, INVALID_MAP_KEY_ACCESS -> CallAdvice.bounds(the);
            case INVALID_PACKET_ACCESS -> CallAdvice.packet(the);
            case HELPER_NOT_ALLOWED_FOR_TYPE,
                    HELPER_NOT_SUPPORTED_FOR_TYPE,
                    HELPER_NOT_ALLOWED_IN_PROBE,
                    KFUNC_NOT_ALLOWED -> CallAdvice.notAllowed(the);
            case HELPER_NEEDS_GPL, KFUNC_NEEDS_GPL, KERNEL_STRUCT_NEEDS_GPL -> CallAdvice.license(the);
            default -> CallAdvice.general(the);
        };
    }

    /** Explains why an object cannot be loaded at all. */
    public static Explanation explain(LoadRefusal refusal) {
        boolean isMap = refusal.message().contains("create");
        RefusalKind kind = RefusalKind.of(isMap ? "map-creation" : "loading");
        String reason = LoadAdvice.reason(refusal, kind);
        return new Explanation(kind, reason, null, List.of(), 0, LoadAdvice.remedy(refusal, kind));
    }

    /** Explains why libbpf does not load a program whose section does not say its type. */
    public static Explanation explainUnknownSection(String section) {
        Advice advice = LoadAdvice.unknownSection(section);
        return new Explanation(advice.kind(), advice.reason(), null, List.of(), 0, advice.remedy());
    }
}
