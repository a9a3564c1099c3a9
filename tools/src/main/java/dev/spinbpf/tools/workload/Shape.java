package dev.spinbpf.tools.workload;

import java.math.BigInteger;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The form of a value in a workload file, as far as it shows without looking at any other file. From these shapes come
 * the checks of the reader and the JSON schema.
 */
sealed interface Shape {
    /** Returns the shape in words: {@code a time such as 5s}. */
    String words();

    /**
     * A text.
     *
     * @param pattern what the whole text matches, in the syntax that Java and ECMAScript share
     * @param mostCharacters how long it may be
     */
    record Text(String words, Pattern pattern, int mostCharacters) implements Shape {}

    /** One of some words. */
    record Choice(List<String> values) implements Shape {
        @Override
        public String words() {
            int last = values.size() - 1;
            return last == 0
                    ? values.getFirst()
                    : String.join(", ", values.subList(0, last)) + " or " + values.get(last);
        }
    }

    /** A whole number within bounds. */
    record Whole(BigInteger least, BigInteger most) implements Shape {
        static Whole of(long least, long most) {
            return new Whole(BigInteger.valueOf(least), BigInteger.valueOf(most));
        }

        @Override
        public String words() {
            return least.equals(most) ? "the number " + least : "a whole number from " + least + " to " + most;
        }
    }

    /** A list. */
    record Repeated(String words, Shape item, int least, int most) implements Shape {}

    /**
     * A mapping.
     *
     * @param keys the keys that it may have, and no others
     * @param choices sets of keys that exclude each other
     */
    record Mapping(String words, List<KeyShape> keys, List<OneOf> choices) implements Shape {}

    /** Anything: the value is checked against the types of an object. */
    record Anything() implements Shape {
        @Override
        public String words() {
            return "a value";
        }
    }

    /**
     * A key of a mapping.
     *
     * @param isRequired whether it has to be there
     * @param needs a key that has to be there too if this one is, or an empty string
     * @param meaning what it says, in a sentence
     */
    record KeyShape(String name, Shape shape, boolean isRequired, String needs, String meaning) {}

    /**
     * Keys of which at most one may be there.
     *
     * @param isRequired whether one has to be
     */
    record OneOf(List<String> keys, boolean isRequired) {}
}
