package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The texts of one kernel's messages: the rows of {@code messages.tsv} that hold for its version. */
public final class Messages {
    /** Before the name of a register: its number as an argument, from 0, after the word in braces; or, after {R}, its own. */
    private static final Pattern REGISTER = Pattern.compile("\\{(args? ?#?|R)}R(\\d+)");

    private static final String OWN_NUMBER = "R";
    private static final String EXPLAINED = "explained";

    private final Map<Message, String> formats = new EnumMap<>(Message.class);
    private final Set<Message> explained = EnumSet.noneOf(Message.class);

    Messages(KernelVersion version) {
        for (String[] row : Tables.rows("messages.tsv", version)) {
            Message message = Message.valueOf(row[0]);
            formats.put(message, row[1]);
            if (row.length > 2 && row[2].equals(EXPLAINED)) {
                explained.add(message);
            }
        }
    }

    /** The message's text with its {@code printf} conversions. */
    public String format(Message message) {
        return Objects.requireNonNull(formats.get(message), message.name());
    }

    /** The message's text with the arguments in place of its conversions. */
    public String format(Message message, @Nullable Object... args) {
        String text = String.format(Locale.ROOT, format(message), args);
        return text.indexOf('{') >= 0 ? REGISTER.matcher(text).replaceAll(Messages::argument) : text;
    }

    private static String argument(MatchResult register) {
        boolean isOwn = register.group(1).equals(OWN_NUMBER);
        int number = Integer.parseInt(register.group(2));
        return isOwn ? Integer.toString(number) : register.group(1) + (number - 1);
    }

    /** Returns whether kernels that explain refusals do it after this line. */
    public boolean isExplained(Message message) {
        return explained.contains(message);
    }
}
