package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A schedule in a file: lines of a word and a value. Its object is named relative to the file, and by a digest.
 *
 * @param input the object or workload file
 * @param digest SHA-256 of the contents of all objects
 * @param cpus how many CPUs
 * @param seed of random numbers
 * @param stalls how often a CPU may stand still
 * @param key what tells the finding from others
 * @param promises what the user promised
 */
record ScheduleFile(
        Path input,
        String digest,
        int cpus,
        long seed,
        int stalls,
        Witness.Start start,
        String key,
        List<Plan.Event> plan,
        List<Promise> promises) {
    private static final String HEAD = "spinbpf-schedule";
    private static final int LARGEST = 1 << 20;

    ScheduleFile {
        plan = List.copyOf(plan);
        promises = List.copyOf(promises);
    }

    /** Returns the digest of a workload's objects. */
    static String digestOf(ProgramWorkload workload) {
        var contents = new ByteArrayOutputStream();
        for (ProgramWorkload.ObjectFile object : workload.objects()) {
            contents.writeBytes(object.file().contents().toArray());
            if (!object.loading().isNone()) {
                contents.writeBytes(object.loading().text().getBytes(StandardCharsets.UTF_8));
            }
        }
        return ByteString.of(contents.toByteArray()).sha256();
    }

    void write(Path target) throws InputException {
        Path directory =
                Objects.requireNonNullElse(target.toAbsolutePath().normalize().getParent(), target);
        String roots = start.roots().stream().map(String::valueOf).collect(Collectors.joining(" "));
        String text = String.join(
                "\n",
                HEAD + " 1",
                "input " + directory.relativize(input.toAbsolutePath().normalize()),
                "sha256 " + digest,
                "cpus " + cpus,
                "seed " + seed,
                "stalls " + stalls,
                "roots " + roots,
                "numbers " + (start.sameNumbers() ? "same" : "different"),
                "finding " + key.replace('\n', ' '),
                "plan " + Plan.toString(plan),
                promises.stream()
                        .map(promise -> "promise " + promise.text().replaceAll("\\s+", " ") + "\n")
                        .collect(Collectors.joining()));
        try {
            Files.writeString(target, text);
        } catch (IOException e) {
            throw new InputException(
                    "--save: " + InputFiles.shown(target) + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    /** Reads a file. */
    static ScheduleFile read(Path file) throws InputException {
        byte[] bytes = InputFiles.bytesOf(file, false);
        Map<String, String> values = new HashMap<>();
        List<String> promises = new ArrayList<>();
        if (bytes.length <= LARGEST) {
            new String(bytes, StandardCharsets.UTF_8).lines().forEach(line -> {
                int space = line.indexOf(' ');
                String word = space < 0 ? line : line.substring(0, space);
                values.put(word, line.substring(space + 1));
                if (word.equals("promise")) {
                    promises.add(line.substring(space + 1));
                }
            });
        }
        try {
            if (!"1".equals(values.get(HEAD))) {
                throw new IllegalArgumentException("it does not begin with '" + HEAD + " 1'");
            }
            return new ScheduleFile(
                    file.resolveSibling(value(values, "input")),
                    value(values, "sha256"),
                    (int) number(values, "cpus", 1, ProgramWorkload.MOST_CPUS),
                    Long.parseLong(value(values, "seed")),
                    (int) number(values, "stalls", 0, Integer.MAX_VALUE),
                    new Witness.Start(
                            Stream.of(value(values, "roots").split(" ", -1))
                                    .map(Integer::valueOf)
                                    .toList(),
                            "same".equals(value(values, "numbers"))),
                    value(values, "finding"),
                    Plan.parse(value(values, "plan")),
                    promises(promises));
        } catch (IllegalArgumentException | PromiseException e) {
            throw new InputException(InputFiles.shown(file) + ": is no schedule: " + e.getMessage());
        }
    }

    private static List<Promise> promises(List<String> texts) throws PromiseException {
        List<Promise> promises = new ArrayList<>();
        for (String text : texts) {
            promises.add(Promise.parse(text));
        }
        return promises;
    }

    private static String value(Map<String, String> values, String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("there is no '" + key + "'");
        }
        return value;
    }

    private static long number(Map<String, String> values, String key, long least, long most) {
        long number = Long.parseLong(value(values, key));
        if (number < least || number > most) {
            throw new IllegalArgumentException(key + " is " + number);
        }
        return number;
    }
}
