package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes JSON documents, indented by two spaces, ended by a line feed. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** The document that the body writes. */
    public static String document(Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(text)) {
            generator.setPrettyPrinter(new DefaultPrettyPrinter());
            body.write(generator);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.append('\n').toString();
    }

    /** Something that writes JSON. */
    @FunctionalInterface
    public interface Body {
        /** Writes one value. */
        void write(JsonGenerator json) throws IOException;
    }

    /** Writes the fields of an object for one element. */
    @FunctionalInterface
    interface Fields<T> {
        void write(T element) throws IOException;
    }

    /** An array field with an object for each element. */
    static <T> void objects(JsonGenerator json, String name, Iterable<T> elements, Fields<T> fields)
            throws IOException {
        json.writeFieldName(name);
        objects(json, elements, fields);
    }

    /** An array with an object for each element. */
    static <T> void objects(JsonGenerator json, Iterable<T> elements, Fields<T> fields) throws IOException {
        json.writeStartArray();
        for (T element : elements) {
            json.writeStartObject();
            fields.write(element);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** An array field of strings. */
    static void strings(JsonGenerator json, String name, Iterable<String> elements) throws IOException {
        json.writeArrayFieldStart(name);
        for (String element : elements) {
            json.writeString(element);
        }
        json.writeEndArray();
    }
}
