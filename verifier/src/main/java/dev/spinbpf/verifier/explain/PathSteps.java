package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The steps of a path that are worth telling, in words. */
final class PathSteps {
    private static final int MAX_STEPS = 12;

    /** No steps. */
    static final Told NONE = new Told(List.of(), 0);

    private final Story story;
    private final Names names;
    private final int refused;
    private final Advice advice;
    private final boolean listsObjects;

    /**
     * @param refused the slot of the refused instruction
     * @param advice says which step decides, and whether objects matter
     */
    PathSteps(Story story, Names names, int refused, Advice advice) {
        this.story = story;
        this.names = names;
        this.refused = refused;
        this.advice = advice;
        listsObjects = advice.kind().id().startsWith("reference");
    }

    /**
     * The steps, with the number of those that were left out before them.
     *
     * @param more left out before the first
     */
    record Told(List<Explanation.Step> steps, int more) {}

    /** The last steps; of an instruction that was come to often, the last time. The decisive one is always among them. */
    Told told() {
        Map<Integer, Integer> times = new HashMap<>();
        Map<Integer, Story.Chapter> last = new LinkedHashMap<>();
        for (Story.Chapter chapter : story.chapters()) {
            if (text(chapter) != null) {
                int insn = chapter.event().insn();
                times.merge(insn, 1, Integer::sum);
                last.remove(insn);
                last.put(insn, chapter);
            }
        }
        List<Explanation.Step> steps = new ArrayList<>();
        last.forEach((insn, chapter) -> {
            int count = times.getOrDefault(insn, 1);
            steps.add(step(chapter, text(chapter) + (count > 1 ? " (the last of " + count + " times)" : "")));
        });
        int more = Math.max(0, steps.size() - MAX_STEPS);
        List<Explanation.Step> kept = new ArrayList<>(steps.subList(more, steps.size()));
        for (int i = 0; i < more; i++) {
            if (steps.get(i).decides()) {
                kept.set(0, steps.get(i));
            }
        }
        return new Told(kept, more);
    }

    private Explanation.Step step(Story.Chapter chapter, String text) {
        int insn = chapter.event().insn();
        List<String> held = chapter.held().stream()
                .filter(one -> listsObjects || LockFunction.of(one.function()) != null)
                .map(Held::name)
                .toList();
        return new Explanation.Step(names.location(insn), text, held, insn == advice.culprit());
    }

    /** The event in words, or null if it is not worth telling. */
    private @Nullable String text(Story.Chapter chapter) {
        return switch (chapter.event()) {
            case Event.Called called -> called(called.call(), chapter.failed());
            case Event.Branched branched -> branched(branched);
        };
    }

    private @Nullable String called(Origin.Call call, boolean failed) {
        LockFunction function = LockFunction.of(call.function());
        if (function == null) {
            boolean acquires = listsObjects && story.held().stream().anyMatch(held -> held.insn() == call.insn());
            if (acquires) {
                return names.shortCall(call) + " acquires an object";
            }
            boolean mayBeNull = advice.kind().id().equals("null-pointer") && !story.isChecked(call);
            String unchecked = mayBeNull ? " may return NULL, and its result is not checked" : "";
            return call.insn() == advice.culprit() ? names.shortCall(call) + unchecked : null;
        }
        String action = names.shortCall(call);
        if (!function.mayFail()) {
            return action;
        }
        String unchecked = story.isChecked(call) ? "" : ", and its result is not checked";
        return action + (failed ? " fails" + unchecked : " succeeds");
    }

    private String branched(Event.Branched branch) {
        Location at = names.location(branch.insn());
        Location next = names.location(branch.next());
        String where =
                next.hasLine() && next.line() == at.line() && next.function().equals(at.function())
                        ? "goes on at " + (next.column() == at.column() ? "insn " + next.insn() : next.columnText())
                        : "goes on at " + next.shortText();
        Origin.Call call = branch.testedCall();
        String meaning = call == null ? "" : ", as " + result(call, branch.outcome());
        boolean tells =
                !at.quoted().isEmpty() && at.line() != names.location(refused).line();
        return (tells ? at.quoted() : "the branch") + " " + where + meaning;
    }

    private String result(Origin.Call call, Event.Outcome outcome) {
        LockFunction function = LockFunction.of(call.function());
        boolean zero = outcome == Event.Outcome.ZERO;
        if (function != null && function.mayFail()) {
            return call.function() + "() " + (zero ? "returned 0" : "failed");
        }
        String nothing = call.element() == null ? "0" : "NULL";
        return call.function() + "() " + (zero ? "returned " : "did not return ") + nothing;
    }
}
