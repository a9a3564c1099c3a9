package dev.spinbpf.tools.robustness;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Damages text programs: lines, words, numbers, characters. */
final class TextDamage {
    private static final Pattern WORD = Pattern.compile("[A-Za-z_][\\w.]*|-?\\d\\w*|[^\\s\\w]+");
    private static final String[] EXTREMES = {
        "0",
        "1",
        "-1",
        "8",
        "64",
        "255",
        "32767",
        "-32768",
        "65536",
        "2147483647",
        "-2147483648",
        "4294967295",
        "0xffffffffffffffff",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999999999",
        "0x",
        "1e9",
        "r99",
        "w11",
        "\"",
        "\\",
        "/*",
        "*/",
        "//",
        "{",
        "}",
        "(",
        "[",
        "\0",
        "\u00e9\u2028\ud83d\ude00",
        "\ud800"
    };
    private static final int MOST_DEEP = 3000;

    private final SplittableRandom random;

    TextDamage(SplittableRandom random) {
        this.random = random;
    }

    /** A copy with one to six changes, sometimes cut. */
    String anywhere(String original) {
        List<String> lines = new ArrayList<>(List.of(original.split("\n", -1)));
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            change(lines);
        }
        String text = String.join("\n", lines);
        return random.nextInt(12) == 0 ? text.substring(0, random.nextInt(text.length() + 1)) : text;
    }

    private void change(List<String> lines) {
        int at = line(lines);
        int other = line(lines);
        String line = lines.get(at);
        switch (random.nextInt(10)) {
            case 0 -> {
                if (lines.size() > 1) {
                    lines.remove(at);
                }
            }
            case 1 -> lines.add(at, lines.get(other));
            case 2 -> lines.set(at, lines.set(other, line));
            case 3, 4 -> lines.set(at, word(line, EXTREMES[random.nextInt(EXTREMES.length)]));
            case 5, 6 -> lines.set(at, word(line, anyWord(lines.get(other))));
            case 7 -> lines.set(at, character(line));
            case 8 -> lines.set(at, line + lines.get(other));
            default -> lines.set(at, word(line, deep()));
        }
    }

    /** A line by its number: mostly not one of the types, which are the greater part of a text. */
    private int line(List<String> lines) {
        int types = lines.indexOf(".btf");
        return random.nextInt(types > 0 && random.nextInt(4) > 0 ? types : lines.size());
    }

    private String deep() {
        String piece = EXTREMES[random.nextInt(EXTREMES.length)];
        return piece.repeat(1 + random.nextInt(MOST_DEEP));
    }

    private String anyWord(String line) {
        List<String> words = new ArrayList<>(List.of(""));
        for (Matcher matcher = WORD.matcher(line); matcher.find(); ) {
            words.add(matcher.group());
        }
        return words.get(random.nextInt(words.size()));
    }

    private String word(String line, String replacement) {
        List<int[]> words = new ArrayList<>();
        for (Matcher matcher = WORD.matcher(line); matcher.find(); ) {
            words.add(new int[] {matcher.start(), matcher.end()});
        }
        if (words.isEmpty()) {
            return replacement;
        }
        int[] word = words.get(random.nextInt(words.size()));
        return line.substring(0, word[0]) + replacement + line.substring(word[1]);
    }

    private String character(String line) {
        int at = random.nextInt(line.length() + 1);
        char inserted = (char) (random.nextInt(4) == 0 ? random.nextInt(0x10000) : random.nextInt(0x80));
        int skipped = at < line.length() && random.nextBoolean() ? 1 : 0;
        return line.substring(0, at) + inserted + line.substring(at + skipped);
    }
}
