package dev.spinbpf.tools.serve.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.spinbpf.tools.serve.http.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The members of a JSON object that a client sent: texts, whole numbers, and lists of whole numbers. */
final class JsonFields {
    private static final int DEEPEST = 4;
    private static final int LONGEST_NUMBER = 20;
    private static final int MOST_ITEMS = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxNumberLength(LONGEST_NUMBER)
                    .maxNameLength(MOST_ITEMS)
                    .maxStringLength(ApiRoutes.MOST_JSON_BYTES)
                    .maxDocumentLength(ApiRoutes.MOST_JSON_BYTES)
                    .build())
            .build();

    private final Map<String, Object> values = new HashMap<>();

    private JsonFields() {}

    /**
     * Reads an object.
     *
     * @param body its text; where it is empty there are no members
     * @param known the members that there may be
     * @throws Problem 400 where it is no JSON object, 422 for members that do not belong there
     */
    static JsonFields read(byte[] body, Set<String> known) throws Problem {
        JsonFields fields = new JsonFields();
        if (body.length == 0) {
            return fields;
        }
        try (JsonParser parser = FACTORY.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw Problem.of(400, "the body has to be a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (!known.contains(name)) {
                    throw Problem.of(422, "there is no member '" + name + "' here; there are " + sorted(known));
                }
                parser.nextToken();
                fields.values.put(name, value(parser, name));
            }
            if (parser.nextToken() != null) {
                throw Problem.of(400, "something follows the JSON object");
            }
            return fields;
        } catch (IOException e) {
            throw Problem.of(
                    400,
                    "the body is not JSON: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private static Object value(JsonParser parser, String name) throws IOException, Problem {
        return switch (parser.currentToken()) {
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case START_ARRAY -> numbers(parser, name);
            default -> throw Problem.of(422, "the member '" + name + "' is a text, a whole number or a list of them");
        };
    }

    private static List<Integer> numbers(JsonParser parser, String name) throws IOException, Problem {
        List<Integer> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || numbers.size() == MOST_ITEMS) {
                throw Problem.of(
                        422, "the member '" + name + "' is a list of at most " + MOST_ITEMS + " whole numbers");
            }
            numbers.add(parser.getIntValue());
        }
        return numbers;
    }

    /** A text, or null where there is none. */
    @Nullable
    String text(String name) throws Problem {
        Object value = values.get(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw Problem.of(422, "the member '" + name + "' is a text");
    }

    /** A text that has to be there. */
    String requiredText(String name) throws Problem {
        String text = text(name);
        if (text == null) {
            throw Problem.of(422, "the member '" + name + "' is missing");
        }
        return text;
    }

    /** A whole number from {@code least} to {@code most}, or null where there is none. */
    @Nullable
    Long number(String name, long least, long most) throws Problem {
        Object value = values.get(name);
        if (value == null || value instanceof Long number && number >= least && number <= most) {
            return (Long) value;
        }
        throw Problem.of(422, "the member '" + name + "' is a whole number from " + least + " to " + most);
    }

    /** A list of whole numbers, or null where there is none. */
    @Nullable
    List<Integer> numbers(String name) throws Problem {
        Object value = values.get(name);
        if (value == null) {
            return null;
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Integer.class::cast).toList();
        }
        throw Problem.of(422, "the member '" + name + "' is a list of whole numbers");
    }
}
