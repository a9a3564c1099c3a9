package dev.spinbpf.tools.serve.api;

import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.engine.UploadedFile;
import java.util.List;

/** The files that were uploaded for workloads, as JSON. */
final class FileView {
    private FileView() {}

    static String files(List<UploadedFile> files) {
        JsonText json = new JsonText(false, false).begin('{').name("files").begin('[');
        files.forEach(file -> file(json, file));
        return json.end(']').end('}').text();
    }

    static String file(UploadedFile file) {
        JsonText json = new JsonText(false, false);
        file(json, file);
        return json.text();
    }

    private static void file(JsonText json, UploadedFile file) {
        json.begin('{').name("name").string(file.name());
        json.name("size_bytes").number(file.bytes().size());
        json.name("sha256").string(file.digest()).end('}');
    }
}
