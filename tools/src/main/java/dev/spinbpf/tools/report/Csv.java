package dev.spinbpf.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Comma-separated values as RFC 4180 has them, lines ended by a line feed. */
final class Csv {
    private Csv() {}

    /** One record without its line end; fields with a comma, a quote or a line break are quoted. */
    public static String line(List<String> fields) {
        return fields.stream().map(Csv::field).collect(Collectors.joining(","));
    }

    /** Returns the records of a text, each as its fields; empty lines are left out. */
    static List<List<String>> records(String text) {
        List<List<String>> records = new ArrayList<>();
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char at = text.charAt(i);
            boolean isDouble = quoted && at == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"';
            if (isDouble) {
                field.append('"');
                i++;
            } else if (at == '"') {
                quoted = !quoted;
            } else if (quoted || (at != ',' && at != '\n' && at != '\r')) {
                field.append(at);
            } else if (at != '\r') {
                fields.add(field.toString());
                field.setLength(0);
                fields = at == '\n' ? ended(records, fields) : fields;
            }
        }
        fields.add(field.toString());
        ended(records, fields);
        return records;
    }

    private static List<String> ended(List<List<String>> records, List<String> fields) {
        if (fields.size() > 1 || !fields.getFirst().isEmpty()) {
            records.add(fields);
        }
        return new ArrayList<>();
    }

    private static String field(String text) {
        if (text.indexOf(',') < 0 && text.indexOf('"') < 0 && text.indexOf('\n') < 0 && text.indexOf('\r') < 0) {
            return text;
        }
        return '"' + text.replace("\"", "\"\"") + '"';
    }
}
