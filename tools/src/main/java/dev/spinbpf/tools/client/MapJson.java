package dev.spinbpf.tools.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what a service answers about maps. */
final class MapJson {
    private MapJson() {}

    static List<RemoteMap> maps(byte[] text) throws IOException {
        return ServiceJson.document(text, json -> {
            List<RemoteMap> maps = new ArrayList<>();
            ServiceJson.members(json, (name, value) -> {
                if (name.equals("maps")) {
                    maps.addAll(ServiceJson.items(value, MapJson::map));
                }
            });
            return maps;
        });
    }

    static RemoteMap map(byte[] text) throws IOException {
        return ServiceJson.document(text, MapJson::map);
    }

    private static RemoteMap map(JsonParser json) throws IOException {
        SampleJson.Members members = SampleJson.members(json);
        return new RemoteMap(
                members.text("object"),
                members.text("name"),
                members.text("type"),
                (int) members.number("key_bytes"),
                (int) members.number("value_bytes"),
                members.number("max_entries"));
    }

    static RemoteMap.Page page(byte[] text) throws IOException {
        return ServiceJson.document(text, json -> {
            List<RemoteMap.Element> elements = new ArrayList<>();
            @Nullable String[] next = new @Nullable String[1];
            ServiceJson.members(json, (name, value) -> {
                if (name.equals("elements")) {
                    elements.addAll(ServiceJson.items(value, MapJson::element));
                } else if (name.equals("next") && value.currentToken() == JsonToken.VALUE_STRING) {
                    next[0] = value.getText();
                }
            });
            return new RemoteMap.Page(elements, next[0]);
        });
    }

    static RemoteMap.Element element(byte[] text) throws IOException {
        return ServiceJson.document(text, MapJson::element);
    }

    private static RemoteMap.Element element(JsonParser json) throws IOException {
        SampleJson.Members own = new SampleJson.Members();
        List<String> values = new ArrayList<>();
        String[] formatted = {"{}"};
        ServiceJson.members(json, (name, value) -> {
            switch (name) {
                case "values" -> values.addAll(ServiceJson.items(value, JsonParser::getText));
                case "formatted" -> formatted[0] = ServiceJson.copied(value);
                default -> own.add(name, value);
            }
        });
        return new RemoteMap.Element(own.text("key"), values, formatted[0]);
    }
}
