package dev.spinbpf.tools.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map of a service.
 *
 * @param object the object that declares it
 * @param name its name
 * @param type its type, as bpftool names it
 * @param keyBytes size of a key, 0 where elements have none
 * @param valueBytes size of a value
 * @param maxEntries how many elements fit
 */
public record RemoteMap(String object, String name, String type, int keyBytes, int valueBytes, long maxEntries) {
    /**
     * An element.
     *
     * @param key in hexadecimal
     * @param values in hexadecimal, of per-CPU maps one for each CPU
     * @param formatted key and values by their types, as a JSON object; without members where they have none
     */
    public record Element(String key, List<String> values, String formatted) {
        /** Copies the list. */
        public Element {
            values = List.copyOf(values);
        }
    }

    /**
     * Some elements, in the map's order.
     *
     * @param next the key to go on after, or null after the last ones
     */
    public record Page(List<Element> elements, @Nullable String next) {
        /** Copies the list. */
        public Page {
            elements = List.copyOf(elements);
        }
    }
}
