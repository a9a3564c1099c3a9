package dev.spinbpf.vm.context;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The values that a member of a kernel's struct may have, where its name stands for a kind of thing: a family of
 * addresses, a state of a connection.
 *
 * @param values one of them is drawn; none for what may be anything
 */
record MemberValues(long... values) {
    private static final String TABLE = "member_values.tsv";
    private static final String MIXED = "mixed";
    private static final Map<String, MemberValues> BY_NAME = read();

    /** Returns the values for a member's name; null where small numbers do. */
    static @Nullable MemberValues of(String member) {
        return BY_NAME.get(member);
    }

    /** Returns true where the member may be a pointer or a number of any kind. */
    boolean isMixed() {
        return values.length == 0;
    }

    private static Map<String, MemberValues> read() {
        try (InputStream stream = MemberValues.class.getResourceAsStream(TABLE)) {
            if (stream == null) {
                throw new IllegalStateException(TABLE + " is missing");
            }
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .collect(Collectors.toUnmodifiableMap(row -> row[0], row -> parse(row[1])));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MemberValues parse(String column) {
        return column.equals(MIXED)
                ? new MemberValues()
                : new MemberValues(Stream.of(column.split(",", -1))
                        .mapToLong(Long::parseLong)
                        .toArray());
    }
}
