package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A program of an object, as it is now. The engine changes it, one thread at a time; any thread may read it.
 */
public final class ServedProgram {
    private final String object;
    private final String name;
    private final String section;
    private final ProgType type;
    private final @Nullable Verdict verdict;
    private final String unlinked;
    private volatile @Nullable LoadedProgram inMachine;
    private volatile boolean loaded;
    private volatile List<ProgramWorkload.Attachment> attachments = List.of();

    /** States, from the verdict on. */
    public enum State {
        REJECTED,
        UNSUPPORTED,
        VERIFIED,
        LOADED,
        ATTACHED
    }

    ServedProgram(
            String object, String name, String section, ProgType type, @Nullable Verdict verdict, String unlinked) {
        this.object = object;
        this.name = name;
        this.section = section;
        this.type = type;
        this.verdict = verdict;
        this.unlinked = unlinked;
    }

    public String object() {
        return object;
    }

    public String name() {
        return name;
    }

    public String section() {
        return section;
    }

    public ProgType type() {
        return type;
    }

    /** Returns the verdict; null for a program that could not be linked. */
    public @Nullable Verdict verdict() {
        return verdict;
    }

    /** Returns the reason why it could not be linked, or an empty text. */
    public String unlinked() {
        return unlinked;
    }

    public State state() {
        return switch (verdict) {
            case Verdict.Accepted _ -> !attachments.isEmpty() ? State.ATTACHED : loaded ? State.LOADED : State.VERIFIED;
            case Verdict.Unsupported _ -> State.UNSUPPORTED;
            case Verdict.Rejected _ -> State.REJECTED;
            case null -> State.REJECTED;
        };
    }

    public boolean isLoaded() {
        return loaded;
    }

    /** Returns how it is attached; empty where it is not. */
    public List<ProgramWorkload.Attachment> attachments() {
        return attachments;
    }

    /** Returns the name of the hook that it is attached to, or an empty text; names of several stand one after the other. */
    public String hook() {
        if (!(verdict instanceof Verdict.Accepted accepted)) {
            return "";
        }
        return attachments.stream()
                .map(how ->
                        HookTable.of(accepted.program().program(), how.hook()).name())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    /** Returns the program in the present machine, or null where it was never loaded there. */
    public @Nullable LoadedProgram inMachine() {
        return inMachine;
    }

    void setInMachine(@Nullable LoadedProgram value) {
        inMachine = value;
    }

    void setLoaded(boolean value) {
        loaded = value;
    }

    void setAttachments(List<ProgramWorkload.Attachment> value) {
        attachments = List.copyOf(value);
    }
}
