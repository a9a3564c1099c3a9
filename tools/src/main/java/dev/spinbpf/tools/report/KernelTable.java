package dev.spinbpf.tools.report;

import java.util.List;

/** The kernels that were imported, as a table or as JSON. */
public final class KernelTable {
    private KernelTable() {}

    /**
     * One kernel.
     *
     * @param release as {@code uname -r} prints it
     * @param types the file with its types, empty if there is none
     * @param config the file with its configuration, empty if there is none
     * @param rules how well its rules were measured, in a few words
     */
    public record Row(String release, String types, String config, String rules) {}

    /** Returns the table. */
    public static String table(List<Row> rows, Style style) {
        if (rows.isEmpty()) {
            return "no kernels; spinbpf kernel import FILE imports one\n";
        }
        TextTable table = new TextTable("Release", "Types", "Configuration", "Rules");
        for (Row row : rows) {
            table.add(row.release, yes(row.types), yes(row.config), row.rules);
        }
        return table.render(style);
    }

    private static String yes(String file) {
        return file.isEmpty() ? "no" : "yes";
    }

    /** Returns the JSON document. */
    public static String json(List<Row> rows) {
        return Json.document(json -> Json.objects(json, rows, row -> {
            json.writeStringField("release", row.release);
            json.writeStringField("types", row.types);
            json.writeStringField("config", row.config);
            json.writeStringField("rules", row.rules);
        }));
    }
}
