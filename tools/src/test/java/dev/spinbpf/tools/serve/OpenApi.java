package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The description of the service, held against answers. */
final class OpenApi {
    private final Map<String, Object> document;
    private final Set<String> seen = new TreeSet<>();

    OpenApi(String text) {
        document = JsonTree.object(JsonTree.read(text));
        assertThat(document.get("openapi")).isEqualTo("3.1.0");
    }

    /** All operations: method and path. */
    Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        JsonTree.object(JsonTree.at(document, "paths")).forEach((path, item) -> JsonTree.object(item)
                .keySet()
                .forEach(method -> operations.add(method.toUpperCase(Locale.ROOT) + " " + path)));
        return operations;
    }

    /** The answers that are written down by their status and were not seen. */
    Set<String> unseen() {
        Set<String> unseen = new TreeSet<>();
        for (String operation : operations()) {
            String[] parts = operation.split(" ", -1);
            for (String status : responses(parts[0], parts[1]).keySet()) {
                if (!status.equals("default") && !seen.contains(operation + " " + status)) {
                    unseen.add(operation + " " + status);
                }
            }
        }
        return unseen;
    }

    private Map<String, Object> responses(String method, String path) {
        return JsonTree.object(JsonTree.at(document, "paths", path, method.toLowerCase(Locale.ROOT), "responses"));
    }

    /** Fails unless an answer is as it is written down. */
    void check(String method, String path, int status, String type, String body) {
        String what = method + " " + path + " " + status;
        seen.add(what);
        Map<String, Object> responses = responses(method, path);
        Object response = responses.getOrDefault(Integer.toString(status), responses.get("default"));
        assertThat(status < 400 && !responses.containsKey(Integer.toString(status)))
                .as(what + " is not written down")
                .isFalse();
        Object content = JsonTree.object(Objects.requireNonNull(response, what)).get("content");
        if (content == null) {
            assertThat(body).as(what).isEmpty();
            return;
        }
        String mediaType = type.split(";", 2)[0];
        assertThat(JsonTree.object(content)).as(what).containsKey(mediaType);
        Object schema = JsonTree.at(content, mediaType, "schema");
        if (mediaType.endsWith("json")) {
            check(what, schema, JsonTree.read(body));
        }
    }

    private void check(String where, Object schemaNode, Object value) {
        Map<String, Object> schema = JsonTree.object(schemaNode);
        Object ref = schema.get("$ref");
        if (ref instanceof String name) {
            String last = name.substring(name.lastIndexOf('/') + 1);
            check(where, JsonTree.at(document, "components", "schemas", last), value);
            return;
        }
        if (schema.get("type") != null) {
            Object types = schema.get("type");
            assertThat(types instanceof List<?> list ? list : List.of(types))
                    .as(where)
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                    .contains(typeOf(value));
        }
        if (schema.get("enum") instanceof List<?> values) {
            assertThat(values.contains(value)).as(where + " is " + value).isTrue();
        }
        if (value instanceof List<?> list && schema.get("items") != null) {
            for (Object item : list) {
                check(where + "[]", schema.get("items"), item);
            }
        }
        if (value instanceof Map<?, ?> && schema.get("properties") != null) {
            checkObject(where, schema, JsonTree.object(value));
        }
    }

    private void checkObject(String where, Map<String, Object> schema, Map<String, Object> value) {
        Map<String, Object> properties = JsonTree.object(JsonTree.at(schema, "properties"));
        if (schema.get("required") instanceof List<?> required) {
            assertThat(value.keySet().containsAll(required))
                    .as(where + " has " + value.keySet())
                    .isTrue();
        }
        value.forEach((name, member) -> {
            assertThat(properties).as(where).containsKey(name);
            check(where + "." + name, JsonTree.at(properties, name), member);
        });
    }

    private static String typeOf(Object value) {
        return switch (value) {
            case JsonTree.Null _ -> "null";
            case String _ -> "string";
            case Long _ -> "integer";
            case Double _ -> "number";
            case Boolean _ -> "boolean";
            case List<?> _ -> "array";
            default -> "object";
        };
    }
}
