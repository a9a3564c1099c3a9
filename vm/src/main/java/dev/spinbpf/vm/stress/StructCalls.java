package dev.spinbpf.vm.stress;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The order in which the kernel calls the members of a struct, for each object that they are about.
 *
 * @param struct the struct's name
 * @param begin members that are called when there is a new object
 * @param repeated those that are called for it again and again
 * @param end those that are called when it goes
 */
record StructCalls(String struct, List<String> begin, List<String> repeated, List<String> end) {
    private static final String TABLE = "struct_calls.tsv";
    private static final Map<String, StructCalls> BY_STRUCT = read();

    /** Returns the order for a struct; null where it is not known. */
    static @Nullable StructCalls of(String struct) {
        return BY_STRUCT.get(struct);
    }

    private static Map<String, StructCalls> read() {
        try (InputStream stream = StructCalls.class.getResourceAsStream(TABLE)) {
            if (stream == null) {
                throw new IllegalStateException(TABLE + " is missing");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .map(row -> new StructCalls(row[0], names(row[1]), names(row[2]), names(row[3])))
                    .collect(Collectors.toUnmodifiableMap(StructCalls::struct, Function.identity()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> names(String column) {
        return column.equals("-") ? List.of() : List.of(column.split(",", -1));
    }
}
