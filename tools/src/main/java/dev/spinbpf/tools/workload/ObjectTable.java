package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The objects of a workload file, as far as they could be read, and how its other keys refer to them. */
final class ObjectTable {
    private final List<Entry> entries = new ArrayList<>();
    private boolean isComplete = true;

    private ObjectTable() {}

    /** An object, and what is in it. */
    record Entry(ObjectFile file, ProgramObject object) {
        /** Names of all its programs. */
        List<String> programs() {
            List<String> names = new ArrayList<>();
            object.programs().forEach(program -> names.add(program.name()));
            object.unlinked().forEach(program -> names.add(program.name()));
            return names;
        }

        @Nullable
        Program program(String name) {
            for (Program program : object.programs()) {
                if (program.name().equals(name)) {
                    return program;
                }
            }
            return null;
        }

        @Nullable
        UnlinkedProgram unlinked(String name) {
            for (UnlinkedProgram program : object.unlinked()) {
                if (program.name().equals(name)) {
                    return program;
                }
            }
            return null;
        }

        List<String> maps() {
            return object.maps().stream().map(MapDef::name).toList();
        }
    }

    /** Returns true where an object has a program of a name, or may have it since it could not be read. */
    boolean mayHaveProgram(String name) {
        return !isComplete
                || entries.stream().anyMatch(entry -> entry.programs().contains(name));
    }

    static ObjectTable read(Fields file, WorkloadReader reader, @Nullable NamedFile kernelTypes) {
        ObjectTable table = new ObjectTable();
        Btf types = Btf.EMPTY;
        try {
            types = WorkloadRun.readTypes(kernelTypes);
        } catch (WorkloadException e) {
            file.wrong("kernel_types", "expected the kernel's types, found: " + e.getMessage());
        }
        Set<String> names = new HashSet<>();
        for (Fields fields : file.list("objects")) {
            table.add(fields, reader, types, names);
        }
        return table;
    }

    private void add(Fields fields, WorkloadReader reader, Btf types, Set<String> names) {
        NamedFile file = reader.open(fields, "file");
        String name = fields.text("name").isEmpty() ? nameOf(fields.text("file")) : fields.text("name");
        boolean isNew = names.add(name);
        if (!isNew) {
            fields.wrong(
                    fields.has("name") ? "name" : "file",
                    "expected another name, found a second object named '" + name + "'; give it one with 'name'");
        }
        if (file == null || !isNew) {
            isComplete &= file != null;
            return;
        }
        Loading loading = loading(fields);
        try {
            ProgramObject object = WorkloadRun.read(file, types, loading);
            List<String> programs = new ArrayList<>();
            Entry entry = new Entry(new ObjectFile(name, file, programs, loading), object);
            for (Fields.Item item : fields.scalars("programs")) {
                programs.add(item.scalar().text());
                if (!entry.programs().contains(item.scalar().text())) {
                    fields.mistakes()
                            .add(
                                    item.scalar().place(),
                                    item.path(),
                                    absent(item.scalar().text(), "program", entry.programs()));
                }
            }
            entries.add(new Entry(new ObjectFile(name, file, programs, loading), object));
        } catch (WorkloadException e) {
            isComplete = false;
            fields.wrong("file", "expected an object, found: " + e.getMessage());
        }
    }

    /** Reads the keys that set what loaders set, whose form the grammar has checked. */
    private static Loading loading(Fields fields) {
        return new Loading(
                assignments(fields, "globals"),
                numbers(fields, "map_entries"),
                numbers(fields, "map_value_sizes"),
                assignments(fields, "config"));
    }

    private static Map<String, Long> numbers(Fields fields, String key) {
        Map<String, Long> numbers = new LinkedHashMap<>();
        assignments(fields, key).forEach((name, number) -> numbers.put(name, Long.parseLong(number)));
        return numbers;
    }

    private static Map<String, String> assignments(Fields fields, String key) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Fields.Item item : fields.scalars(key)) {
            String text = item.scalar().text();
            int equals = text.indexOf('=');
            if (equals > 0) {
                values.put(text.substring(0, equals), text.substring(equals + 1));
            }
        }
        return values;
    }

    /** The name of an object that has none: the file's, without directories and the usual ends. */
    static String nameOf(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1).replaceFirst("(?:\\.bpf)?\\.o$|\\.bpfasm$", "");
        String printable = name.replaceAll("[^!-~]", "_");
        return printable.isEmpty() ? "object" : printable;
    }

    List<ObjectFile> files() {
        return entries.stream().map(Entry::file).toList();
    }

    /** Returns true where all objects could be read. */
    boolean isComplete() {
        return isComplete;
    }

    List<Entry> entries() {
        return entries;
    }

    /**
     * The object that a mapping means: the one that its key {@code object} names, or the only one that has what its
     * other key names; null where there is none, which has been reported.
     *
     * @param key the other key
     * @param names what an object has of that
     */
    @Nullable
    Entry find(Fields fields, String key, String kind, Function<Entry, List<String>> names) {
        String wanted = fields.text(key);
        List<Entry> candidates = new ArrayList<>(entries);
        if (fields.has("object")) {
            String object = fields.text("object");
            candidates.removeIf(entry -> !entry.file().name().equals(object));
            if (candidates.isEmpty() && isComplete && !object.isEmpty()) {
                List<String> known =
                        entries.stream().map(entry -> entry.file().name()).toList();
                fields.wrong("object", absent(object, "object", known));
            }
        }
        List<Entry> found = candidates.stream()
                .filter(entry -> names.apply(entry).contains(wanted))
                .toList();
        if (found.size() > 1) {
            String all = found.stream().map(entry -> entry.file().name()).collect(Collectors.joining(", "));
            fields.wrong(key, "expected the key 'object' beside it, found " + kind + " '" + wanted + "' in " + all);
            return null;
        }
        if (found.isEmpty() && isComplete && !wanted.isEmpty() && !candidates.isEmpty()) {
            List<String> known = candidates.stream()
                    .flatMap(entry -> names.apply(entry).stream())
                    .toList();
            fields.wrong(key, absent(wanted, kind, known));
        }
        return found.isEmpty() ? null : found.getFirst();
    }

    /** Says that a name stands for nothing. */
    static String absent(String name, String kind, List<String> known) {
        String suggestion = Mistakes.suggestion(name, known);
        String all = known.isEmpty() ? "there is none" : "there are " + Printable.listed(known);
        return "expected the name of a " + kind + ", found '" + Printable.line(name) + "'"
                + (suggestion.isEmpty() ? "; " + all : suggestion);
    }
}
