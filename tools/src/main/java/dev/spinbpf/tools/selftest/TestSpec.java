package dev.spinbpf.tools.selftest;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The expectations that a program carries as tags of its function: {@code comment:NUMBER:test_...}, the numbers in the order of the
 * source. These are the tags of the kernel's {@code bpf_misc.h} ({@code __success}, {@code __msg(...)}, ...), for a user with all
 * capabilities.
 *
 * @param isTagged whether there is any tag for such a user
 * @param isAuxiliary whether the program is only loaded for others
 * @param expectsFailure whether Linux has to refuse it
 * @param messages what has to be in the log, or must not be, in order
 * @param logLevel 0 if not given
 * @param retval the value that a run has to return; empty if it is not run
 * @param architectures those that the test is for; empty for all
 * @param loadMode {@code jited}, {@code no_jited}, or empty
 * @param flags names of flags that the program is loaded with
 * @param typesFile the file whose types stand for the kernel's in relocations; empty if not given
 * @param hasOtherPrototypes whether the prototypes of its functions are in another file
 * @param notJudged tags that say something of compiled code, of streams or of other users
 */
record TestSpec(
        boolean isTagged,
        boolean isAuxiliary,
        boolean expectsFailure,
        List<Expected> messages,
        int logLevel,
        Optional<String> retval,
        List<String> architectures,
        String loadMode,
        Set<String> flags,
        String typesFile,
        boolean hasOtherPrototypes,
        List<String> notJudged) {
    private static final String COMMENT = "comment:";
    private static final int ALL_PATHS = 2;
    private static final int STATISTICS = 4;

    /** Flags that change nothing here: accesses need not be aligned, upper halves are not randomised, bounds are always kept. */
    private static final Set<String> FLAGS_WITHOUT_EFFECT =
            Set.of("BPF_F_ANY_ALIGNMENT", "BPF_F_TEST_RND_HI32", "BPF_F_TEST_REG_INVARIANTS");

    static final String STRICT_ALIGNMENT = "BPF_F_STRICT_ALIGNMENT";
    static final String STATES_OFTEN = "BPF_F_TEST_STATE_FREQ";
    static final String SLEEPABLE = "BPF_F_SLEEPABLE";
    private static final Set<String> FLAGS = Set.of(STRICT_ALIGNMENT, STATES_OFTEN, SLEEPABLE);

    /** A text of the log; {@code unwanted} if it must not be there. */
    public record Expected(String text, boolean unwanted) {}

    private record Tag(int number, String name, String value) {}

    /** Reads the tags of a function of the object. */
    public static TestSpec of(Btf types, String function) {
        List<Tag> tags = new ArrayList<>();
        for (int id = 1; id < types.size(); id++) {
            if (types.type(id) instanceof BtfType.DeclTag tag
                    && tag.name().startsWith(COMMENT)
                    && types.type(tag.typeId()) instanceof BtfType.Func func
                    && func.name().equals(function)) {
                tags.add(tag(tag.name().substring(COMMENT.length())));
            }
        }
        tags.sort(Comparator.comparingInt(Tag::number));
        return of(tags);
    }

    private static Tag tag(String text) {
        int colon = text.indexOf(':');
        boolean numbered =
                colon > 0 && colon < 6 && text.substring(0, colon).chars().allMatch(Character::isDigit);
        String rest = numbered ? text.substring(colon + 1) : text;
        int number = numbered ? Integer.parseInt(text.substring(0, colon)) : Integer.MAX_VALUE;
        int equals = rest.indexOf('=');
        return equals < 0
                ? new Tag(number, rest, "")
                : new Tag(number, rest.substring(0, equals), rest.substring(equals + 1));
    }

    private static TestSpec of(List<Tag> tags) {
        var messages = new ArrayList<Expected>();
        var architectures = new ArrayList<String>();
        var notJudged = new ArrayList<String>();
        var flags = new TreeSet<String>();
        String typesFile = "";
        boolean hasOtherPrototypes = false;
        boolean privileged = false;
        boolean unprivileged = false;
        boolean expectsFailure = false;
        boolean auxiliary = false;
        int level = 0;
        String mode = "";
        String retval = null;
        for (Tag tag : tags) {
            unprivileged |= tag.name.endsWith("_unpriv");
            switch (tag.name) {
                case "test_expect_failure" -> {
                    expectsFailure = true;
                    privileged = true;
                }
                case "test_expect_success" -> privileged = true;
                case "test_expect_msg" -> {
                    messages.add(new Expected(tag.value, false));
                    privileged = true;
                }
                case "test_expect_not_msg" -> {
                    messages.add(new Expected(tag.value, true));
                    privileged = true;
                }
                case "test_retval" -> {
                    retval = tag.value;
                    privileged = true;
                }
                case "test_log_level" -> level = tag.value.matches("\\d{1,4}") ? Integer.parseInt(tag.value) : 0;
                case "test_arch" -> architectures.add(tag.value);
                case "test_auxiliary" -> auxiliary = true;
                case "load_mode" -> mode = tag.value;
                case "test_btf_path" -> typesFile = tag.value;
                case "test_btf_func_path" -> hasOtherPrototypes = true;
                case "test_prog_flags" -> {
                    String flag = tag.value.startsWith("!") ? tag.value.substring(1) : tag.value;
                    if (FLAGS.contains(flag) && flag.equals(tag.value)) {
                        flags.add(flag);
                    } else if (!FLAGS_WITHOUT_EFFECT.contains(flag)) {
                        notJudged.add(tag.name + "=" + tag.value);
                    }
                }
                case "test_description", "test_auxiliary_unpriv" -> {}
                default -> notJudged.add(tag.name);
            }
        }
        boolean forOthersOnly = unprivileged && !privileged;
        return new TestSpec(
                privileged || forOthersOnly,
                auxiliary,
                expectsFailure,
                List.copyOf(messages),
                level,
                Optional.ofNullable(retval),
                List.copyOf(architectures),
                mode,
                flags,
                typesFile,
                hasOtherPrototypes,
                forOthersOnly
                        ? List.of(UNPRIVILEGED)
                        : notJudged.stream().distinct().toList());
    }

    /** Stands for a test that is for users without capabilities alone. */
    static final String UNPRIVILEGED = "unprivileged";

    /** Returns why the test is not for this machine (x86-64, all capabilities); null if it is. */
    @Nullable
    String skipped() {
        if (isAuxiliary) {
            return "loaded for other programs only";
        }
        if (notJudged.contains(UNPRIVILEGED)) {
            return "for users without capabilities only";
        }
        if (!architectures.isEmpty() && !architectures.contains("X86_64")) {
            return "for " + String.join(", ", architectures);
        }
        if (hasOtherPrototypes) {
            return "the prototypes of its functions are in another file";
        }
        return loadMode.equals("no_jited") ? "for kernels without a JIT compiler" : null;
    }

    /** Returns whether the log of all paths is asked for. */
    boolean wantsAllPaths() {
        return (logLevel & ALL_PATHS) != 0;
    }

    /** Returns whether the counts of each function are asked for. */
    boolean wantsStatistics() {
        return (logLevel & STATISTICS) != 0;
    }
}
