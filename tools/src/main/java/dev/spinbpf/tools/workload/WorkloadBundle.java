package dev.spinbpf.tools.workload;

import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A workload file for a service: the workload in JSON, and the files that it names. A file is called by its digest and its
 * own name there, so that those of several clients do not meet.
 */
public final class WorkloadBundle {
    private static final int DIGEST_DIGITS = 16;
    private static final int MOST_OF_NAME = 80;

    private final FileSource source;
    private final Map<String, ByteString> files = new LinkedHashMap<>();
    private final JsonText json = new JsonText(false, false);

    private WorkloadBundle(FileSource source) {
        this.source = source;
    }

    /**
     * Reads a workload file which {@link WorkloadReader} has read without mistakes.
     *
     * @param bytes its contents, YAML
     * @param source gives what it names
     */
    public static WorkloadBundle of(byte[] bytes, FileSource source) throws UnreadableFileException {
        WorkloadBundle bundle = new WorkloadBundle(source);
        YamlNode root = YamlReader.read(bytes, new Mistakes(""));
        if (root != null) {
            bundle.write(root, "");
        }
        return bundle;
    }

    /** Returns the workload. */
    public String json() {
        return json.text();
    }

    /** Returns the files, by the names that the workload calls them. */
    public Map<String, ByteString> files() {
        return Map.copyOf(files);
    }

    /** Writes a value; its path has the keys down to it, and nothing of places in lists. */
    private void write(YamlNode node, String path) throws UnreadableFileException {
        switch (node) {
            case YamlNode.Keys keys -> {
                json.begin('{');
                for (YamlNode.Entry entry : keys.entries()) {
                    json.name(entry.key());
                    write(entry.value(), path + "." + entry.key());
                }
                if (path.equals(".objects")
                        && keys.get("name") == null
                        && keys.get("file") instanceof YamlNode.Scalar file) {
                    json.name("name").string(ObjectTable.nameOf(file.text()));
                }
                json.end('}');
            }
            case YamlNode.Items items -> {
                json.begin('[');
                for (YamlNode item : items.items()) {
                    write(item, path);
                }
                json.end(']');
            }
            case YamlNode.Scalar scalar -> write(scalar, path);
        }
    }

    private void write(YamlNode.Scalar scalar, String path) throws UnreadableFileException {
        BigInteger number = scalar.integer();
        switch (path) {
            case ".objects.file", ".packets.pcap", ".kernel_types" -> json.string(add(scalar.text()));
            default -> {
                if (number != null) {
                    json.raw(number.toString());
                } else if (scalar.kind() == YamlNode.ScalarKind.BOOLEAN) {
                    json.raw(Boolean.toString(Boolean.parseBoolean(scalar.text())));
                } else if (scalar.kind() == YamlNode.ScalarKind.NULL) {
                    json.raw("null");
                } else {
                    json.string(scalar.text());
                }
            }
        }
    }

    private String add(String path) throws UnreadableFileException {
        NamedFile file = source.open(path);
        String base = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
        String end = base.substring(Math.max(0, base.length() - MOST_OF_NAME));
        String name = file.contents().sha256().substring(0, DIGEST_DIGITS) + "-" + end;
        files.put(name, file.contents());
        return name;
    }
}
