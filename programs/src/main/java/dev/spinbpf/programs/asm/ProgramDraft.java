package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A program while its lines are read: its section's meaning, and its functions, the main one first. */
final class ProgramDraft {
    final String name;
    final String section;
    final Span at;
    boolean autoload = true;
    ProgType type = ProgType.UNSPEC;
    AttachType attachType = AttachType.CGROUP_INET_INGRESS;

    @Nullable
    String attachTarget;

    boolean sleepable;
    final Map<String, FunctionDraft> functions = new LinkedHashMap<>();

    ProgramDraft(String name, String section, Span at) {
        this.name = name;
        this.section = section;
        this.at = at;
    }
}
