package dev.spinbpf.tools.workload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/** The JSON schema that says the same as the grammar. */
final class SchemaOfGrammar {
    private final JsonGenerator json;

    private SchemaOfGrammar(JsonGenerator json) {
        this.json = json;
    }

    static String text() throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
            printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
            json.setPrettyPrinter(printer);
            json.writeStartObject();
            json.writeStringField("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.writeStringField("$id", "urn:spinbpf:workload:" + WorkloadGrammar.VERSION);
            json.writeStringField("title", "A workload of spinbpf");
            new SchemaOfGrammar(json).body(WorkloadGrammar.FILE);
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    private void body(Shape shape) throws IOException {
        switch (shape) {
            case Shape.Text text -> {
                json.writeStringField("type", "string");
                json.writeStringField("pattern", "^(?:" + text.pattern().pattern() + ")$");
                json.writeNumberField("maxLength", text.mostCharacters());
            }
            case Shape.Choice choice -> strings("enum", choice.values());
            case Shape.Whole whole -> {
                json.writeStringField("type", "integer");
                json.writeFieldName("minimum");
                json.writeNumber(whole.least());
                json.writeFieldName("maximum");
                json.writeNumber(whole.most());
            }
            case Shape.Repeated repeated -> {
                json.writeStringField("type", "array");
                json.writeNumberField("minItems", repeated.least());
                json.writeNumberField("maxItems", repeated.most());
                json.writeObjectFieldStart("items");
                body(repeated.item());
                json.writeEndObject();
            }
            case Shape.Mapping mapping -> mapping(mapping);
            case Shape.Anything _ -> {}
        }
    }

    private void strings(String field, List<String> values) throws IOException {
        json.writeArrayFieldStart(field);
        for (String value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }

    private void mapping(Shape.Mapping mapping) throws IOException {
        json.writeStringField("type", "object");
        json.writeBooleanField("additionalProperties", false);
        json.writeObjectFieldStart("properties");
        for (Shape.KeyShape key : mapping.keys()) {
            json.writeObjectFieldStart(key.name());
            json.writeStringField("description", key.meaning());
            body(key.shape());
            json.writeEndObject();
        }
        json.writeEndObject();
        strings(
                "required",
                mapping.keys().stream()
                        .filter(Shape.KeyShape::isRequired)
                        .map(Shape.KeyShape::name)
                        .toList());
        json.writeObjectFieldStart("dependentRequired");
        for (Shape.KeyShape key : mapping.keys()) {
            if (!key.needs().isEmpty()) {
                strings(key.name(), List.of(key.needs()));
            }
        }
        json.writeEndObject();
        if (!mapping.choices().isEmpty()) {
            json.writeArrayFieldStart("allOf");
            for (Shape.OneOf choice : mapping.choices()) {
                choice(choice);
            }
            json.writeEndArray();
        }
    }

    /** One schema for each key, of which one holds; with none of them as a further case where the choice is free. */
    private void choice(Shape.OneOf choice) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("oneOf");
        for (String key : choice.keys()) {
            json.writeStartObject();
            strings("required", List.of(key));
            json.writeEndObject();
        }
        if (!choice.isRequired()) {
            json.writeStartObject();
            json.writeObjectFieldStart("not");
            json.writeArrayFieldStart("anyOf");
            for (String key : choice.keys()) {
                json.writeStartObject();
                strings("required", List.of(key));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
