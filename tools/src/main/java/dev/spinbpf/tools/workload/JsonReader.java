package dev.spinbpf.tools.workload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one JSON document as the tree that {@link YamlReader} makes of YAML, within the same bounds. */
final class JsonReader {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(YamlReader.MOST_DEPTH)
                    .maxDocumentLength(YamlReader.MOST_BYTES)
                    .maxStringLength(YamlReader.MOST_BYTES)
                    .build())
            .build();

    private final Mistakes mistakes;
    private final JsonParser parser;
    private int nodes;

    private JsonReader(Mistakes mistakes, JsonParser parser) {
        this.mistakes = mistakes;
        this.parser = parser;
    }

    /** The document, or null where there is none that can be read; the reason has been added to the mistakes then. */
    static @Nullable YamlNode read(byte[] bytes, Mistakes mistakes) {
        if (bytes.length > YamlReader.MOST_BYTES) {
            mistakes.add(
                    YamlNode.Place.START,
                    "has " + bytes.length + " bytes; a workload has at most " + YamlReader.MOST_BYTES);
            return null;
        }
        try (JsonParser parser = FACTORY.createParser(bytes)) {
            parser.nextToken();
            YamlNode root = parser.currentToken() == null ? null : new JsonReader(mistakes, parser).node();
            if (root == null) {
                mistakes.add(YamlNode.Place.START, "is empty; it begins with: {\"version\": 1");
            } else if (parser.nextToken() != null) {
                mistakes.add(place(parser.currentTokenLocation()), "expected one document, found another one");
                return null;
            }
            return root;
        } catch (JsonProcessingException e) {
            mistakes.add(
                    place(e.getLocation()),
                    "is not JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        } catch (IOException e) {
            mistakes.add(YamlNode.Place.START, "is not JSON: " + e.getMessage());
        }
        return null;
    }

    private static YamlNode.Place place(@Nullable JsonLocation at) {
        return at == null || at.getLineNr() < 1
                ? YamlNode.Place.START
                : new YamlNode.Place(at.getLineNr(), Math.max(1, at.getColumnNr()));
    }

    private YamlNode node() throws IOException {
        YamlNode.Place place = place(parser.currentTokenLocation());
        if (++nodes > YamlReader.MOST_NODES) {
            throw new IOException("it has more than " + YamlReader.MOST_NODES + " values");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> new YamlNode.Keys(place, entries());
            case START_ARRAY -> {
                List<YamlNode> items = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(node());
                }
                yield new YamlNode.Items(place, List.copyOf(items));
            }
            case VALUE_NUMBER_INT -> scalar(place, YamlNode.ScalarKind.INTEGER);
            case VALUE_NUMBER_FLOAT -> scalar(place, YamlNode.ScalarKind.FLOAT);
            case VALUE_TRUE, VALUE_FALSE -> scalar(place, YamlNode.ScalarKind.BOOLEAN);
            case VALUE_NULL -> scalar(place, YamlNode.ScalarKind.NULL);
            default -> scalar(place, YamlNode.ScalarKind.TEXT);
        };
    }

    private YamlNode.Scalar scalar(YamlNode.Place place, YamlNode.ScalarKind kind) throws IOException {
        return new YamlNode.Scalar(place, kind, parser.getText());
    }

    private List<YamlNode.Entry> entries() throws IOException {
        List<YamlNode.Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            YamlNode.Place place = place(parser.currentTokenLocation());
            String name = parser.currentName();
            parser.nextToken();
            YamlNode value = node();
            if (names.add(name)) {
                entries.add(new YamlNode.Entry(place, name, value));
            } else {
                mistakes.add(place, name, "is there twice in one mapping");
            }
        }
        return List.copyOf(entries);
    }
}
