package dev.spinbpf.tools.workload;

import dev.spinbpf.tools.report.Printable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of a YAML document, with its place. */
sealed interface YamlNode {
    /** Returns the place where it begins. */
    Place place();

    /** Returns the node in words, for a message that says what was found. */
    String words();

    /**
     * A place in a file.
     *
     * @param line from 1
     * @param column from 1
     */
    record Place(int line, int column) implements Comparable<Place> {
        static final Place START = new Place(1, 1);

        @Override
        public int compareTo(Place other) {
            return line != other.line ? Integer.compare(line, other.line) : Integer.compare(column, other.column);
        }
    }

    /** The kinds of scalars that YAML's core schema tells apart. */
    enum ScalarKind {
        TEXT,
        INTEGER,
        FLOAT,
        BOOLEAN,
        NULL
    }

    /**
     * A scalar.
     *
     * @param text as it is written, without quotes
     */
    record Scalar(Place place, ScalarKind kind, String text) implements YamlNode {
        private static final int MOST_SHOWN = 40;
        private static final int MOST_DIGITS = 40;

        /** Returns the integer that it stands for, be it written as {@code 2.0}; null where it is none. */
        @Nullable
        BigInteger integer() {
            if (text.length() > MOST_DIGITS) {
                return null;
            }
            if (kind == ScalarKind.FLOAT) {
                return whole();
            }
            if (kind != ScalarKind.INTEGER) {
                return null;
            }
            if (text.startsWith("0x")) {
                return new BigInteger(text.substring(2), 16);
            }
            return text.startsWith("0o") ? new BigInteger(text.substring(2), 8) : new BigInteger(text);
        }

        private @Nullable BigInteger whole() {
            try {
                BigDecimal value = new BigDecimal(text);
                boolean isShort = (long) value.precision() - value.scale() <= MOST_DIGITS;
                return isShort && value.stripTrailingZeros().scale() <= 0 ? value.toBigIntegerExact() : null;
            } catch (NumberFormatException e) {
                return null;
            }
        }

        @Override
        public String words() {
            String shown = Printable.line(text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...");
            return switch (kind) {
                case TEXT -> "'" + shown + "'";
                case INTEGER, FLOAT -> "the number " + shown;
                case BOOLEAN -> shown;
                case NULL -> "nothing";
            };
        }
    }

    /** A list. */
    record Items(Place place, List<YamlNode> items) implements YamlNode {
        @Override
        public String words() {
            return items.isEmpty() ? "an empty list" : "a list";
        }
    }

    /** A mapping, in the order of the file. */
    record Keys(Place place, List<Entry> entries) implements YamlNode {
        @Override
        public String words() {
            return entries.isEmpty() ? "an empty mapping" : "a mapping";
        }

        /** Returns the value of a key, or null where there is none. */
        @Nullable
        YamlNode get(String key) {
            for (Entry entry : entries) {
                if (entry.key().equals(key)) {
                    return entry.value();
                }
            }
            return null;
        }
    }

    /** A key of a mapping and its value. */
    record Entry(Place place, String key, YamlNode value) {}
}
