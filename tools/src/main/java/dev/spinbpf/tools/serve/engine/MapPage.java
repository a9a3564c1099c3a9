package dev.spinbpf.tools.serve.engine;

import java.util.List;

/**
 * Elements of a map, in its order.
 *
 * @param elements the elements
 * @param more true where there are more after the last one
 */
public record MapPage(List<Element> elements, boolean more) {
    /**
     * An element.
     *
     * @param key its key
     * @param value its value, for per-CPU maps one for each CPU, each rounded up to 8 bytes
     */
    public record Element(byte[] key, byte[] value) {}
}
