package dev.spinbpf.verifier.kernel;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The texts of one kernel's messages: the rows of {@code messages.tsv} that hold for its version. */
public final class Messages {
    private final Map<Message, String> formats = new EnumMap<>(Message.class);

    Messages(KernelVersion version) {
        for (String[] row : Tables.rows("messages.tsv", version)) {
            formats.put(Message.valueOf(row[0]), row[1]);
        }
    }

    /** The message's text with its {@code printf} conversions. */
    public String format(Message message) {
        return Objects.requireNonNull(formats.get(message), message.name());
    }

    /** The message's text with the arguments in place of its conversions. */
    public String format(Message message, @Nullable Object... args) {
        return String.format(Locale.ROOT, format(message), args);
    }
}
