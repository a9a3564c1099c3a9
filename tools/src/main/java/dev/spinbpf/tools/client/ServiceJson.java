package dev.spinbpf.tools.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what a service answers. Members that this version does not know are passed over. */
final class ServiceJson {
    /** Largest answer. */
    static final int MOST_BYTES = 32 << 20;

    private static final int DEEPEST = 32;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxStringLength(MOST_BYTES)
                    .maxDocumentLength(MOST_BYTES)
                    .build())
            .build();

    private ServiceJson() {}

    /** Reads one member of an object, whose value is the parser's current token. */
    @FunctionalInterface
    interface Member {
        void read(String name, JsonParser json) throws IOException;
    }

    /** Reads one value, which begins with the parser's current token. */
    @FunctionalInterface
    interface Value<T> {
        T read(JsonParser json) throws IOException;
    }

    static <T> T document(byte[] text, Value<T> value) throws IOException {
        try (JsonParser json = FACTORY.createParser(text)) {
            json.nextToken();
            T read = value.read(json);
            if (json.nextToken() != null) {
                throw new IOException("something follows the document");
            }
            return read;
        }
    }

    static void members(JsonParser json, Member member) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw new IOException("an object is missing");
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            member.read(name, json);
            json.skipChildren(); // where the member was not read
        }
    }

    static <T> List<T> items(JsonParser json, Value<T> value) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new IOException("a list is missing");
        }
        List<T> items = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            items.add(value.read(json));
        }
        return items;
    }

    static List<RemoteObject> objects(byte[] text) throws IOException {
        return document(text, json -> {
            List<List<RemoteObject>> lists = new ArrayList<>();
            members(json, (name, value) -> {
                if (name.equals("objects")) {
                    lists.add(items(value, ServiceJson::object));
                }
            });
            if (lists.isEmpty()) {
                throw new IOException("the member 'objects' is missing");
            }
            return lists.getLast();
        });
    }

    static RemoteObject object(byte[] text) throws IOException {
        return document(text, ServiceJson::object);
    }

    static RemoteProgram program(byte[] text) throws IOException {
        return document(text, ServiceJson::program);
    }

    /** Reads problem details (RFC 9457) as one line: the title, the detail, and the list of what is wrong. */
    static String problem(byte[] text) throws IOException {
        return document(text, json -> {
            Map<String, String> texts = new HashMap<>();
            List<String> errors = new ArrayList<>();
            members(json, (name, value) -> {
                if (name.equals("errors")) {
                    errors.addAll(items(value, JsonParser::getText));
                } else if (value.currentToken() == JsonToken.VALUE_STRING) {
                    texts.put(name, value.getText());
                }
            });
            String title = texts.get("title");
            if (title == null) {
                throw new IOException("a title is missing");
            }
            errors.addFirst(texts.getOrDefault("detail", "no detail"));
            return title + ": " + String.join("; ", errors);
        });
    }

    /** Returns a document with line breaks, ended by one. */
    static String indented(byte[] text) throws IOException {
        StringWriter indented = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(indented)) {
            generator.setPrettyPrinter(new DefaultPrettyPrinter());
            document(text, json -> {
                generator.copyCurrentStructure(json);
                return generator;
            });
        }
        return indented.append('\n').toString();
    }

    /** Returns the value that the parser stands at, as text. */
    static String copied(JsonParser json) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(text)) {
            generator.copyCurrentStructure(json);
        }
        return text.toString();
    }

    private static RemoteObject object(JsonParser json) throws IOException {
        Map<String, String> texts = new HashMap<>();
        List<RemoteProgram> programs = new ArrayList<>();
        members(json, (name, value) -> {
            if (name.equals("programs")) {
                programs.addAll(items(value, ServiceJson::program));
            } else if (value.currentToken() == JsonToken.VALUE_STRING) {
                texts.put(name, value.getText());
            }
        });
        return new RemoteObject(required(texts, "name"), programs);
    }

    private static RemoteProgram program(JsonParser json) throws IOException {
        Map<String, String> texts = new HashMap<>();
        Map<String, Long> numbers = new HashMap<>();
        members(json, (name, value) -> {
            switch (value.currentToken()) {
                case VALUE_STRING -> texts.put(name, value.getText());
                case VALUE_NUMBER_INT -> numbers.put(name, value.getLongValue());
                case START_ARRAY -> addContexts(name, value, numbers);
                default -> {}
            }
        });
        return new RemoteProgram(
                required(texts, "name"),
                required(texts, "type"),
                required(texts, "state"),
                required(texts, "hook"),
                required(texts, "message"),
                required(texts, "explanation"),
                new RemoteProgram.Verification(
                        numbers.getOrDefault("verified_insns", 0L),
                        numbers.getOrDefault("verified_states", 0L),
                        numbers.getOrDefault("verified_peak_states", 0L),
                        numbers.getOrDefault("verification_ns", 0L)),
                numbers.getOrDefault("runs", 0L),
                numbers.getOrDefault("misses", 0L),
                numbers.getOrDefault("faults", 0L));
    }

    /** Adds up the numbers of all contexts. */
    private static void addContexts(String list, JsonParser json, Map<String, Long> sums) throws IOException {
        if (!list.equals("contexts")) {
            return;
        }
        items(json, context -> {
            members(context, (name, value) -> {
                if (value.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                    sums.merge(name, value.getLongValue(), Long::sum);
                }
            });
            return list;
        });
    }

    private static String required(Map<String, String> texts, String name) throws IOException {
        String text = texts.get(name);
        if (text == null) {
            throw new IOException("the member '" + name + "' is missing");
        }
        return text;
    }
}
