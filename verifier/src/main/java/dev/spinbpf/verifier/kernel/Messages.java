package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The texts of one kernel's messages: the rows of {@code messages.tsv} that hold for its version. */
public final class Messages {
    private static final String ARGUMENT = "{arg#}";
    private static final Pattern REGISTER = Pattern.compile("\\{arg#}R(\\d+)");
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
        return text.contains(ARGUMENT)
                ? REGISTER.matcher(text).replaceAll(found -> "arg#" + argument(found.group(1)))
                : text;
    }

    private static int argument(String register) {
        return Integer.parseInt(register) - 1;
    }

    /** Returns whether kernels that explain refusals do it after this line. */
    public boolean isExplained(Message message) {
        return explained.contains(message);
    }
}
