package dev.spinbpf.tools.serve.http;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that has arrived whole.
 *
 * @param path the values of the route's parameters, decoded
 * @param query the parameters after the question mark, decoded; each occurs once
 * @param headers the headers that handlers may ask for, by name in lower case
 * @param body the body, empty where there is none
 */
public record Request(Map<String, String> path, Map<String, String> query, Map<String, String> headers, byte[] body) {

    /** The value of a parameter of the route. */
    public String path(String name) {
        return path.getOrDefault(name, "");
    }

    /** The value of a parameter after the question mark, or null. */
    public @Nullable String query(String name) {
        return query.get(name);
    }

    /** The value of a header, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Returns the media type of the body, without parameters and in lower case; empty where there is none. */
    public String mediaType() {
        return headers.getOrDefault("content-type", "").split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    /**
     * A whole number after the question mark.
     *
     * @param absent its value where there is none
     * @throws Problem 400 where it is no number from {@code least} to {@code most}
     */
    public int number(String name, int absent, int least, int most) throws Problem {
        String text = query.get(name);
        if (text == null) {
            return absent;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below.
        }
        throw Problem.of(400, name + " has to be a number from " + least + " to " + most);
    }
}
