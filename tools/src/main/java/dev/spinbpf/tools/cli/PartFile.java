package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.explore.ExploreOptions;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.Finding;
import dev.spinbpf.vm.explore.LockSite;
import dev.spinbpf.vm.explore.Place;
import dev.spinbpf.vm.explore.Storyboard;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The result of a part of a search in a file. */
final class PartFile {
    private static final String HEAD = "spinbpf-explore-part 3";
    private static final int MOST = 1 << 20;

    private PartFile() {}

    /**
     * A part.
     *
     * @param name the files that were explored
     * @param identity what must be the same in all parts of a search
     */
    record Part(String name, String identity, ExploreReport report) {}

    /** Returns what tells a search from others: objects, CPUs, seed, bounds and promises. */
    static String identity(ProgramWorkload workload, ExploreOptions options) {
        return String.join(
                " ",
                ScheduleFile.digestOf(workload),
                String.valueOf(workload.cpus()),
                String.valueOf(workload.seed()),
                options.preemptions() + "/" + options.interrupts() + "/" + options.stalls() + "/" + options.runs(),
                workload.promises().stream().map(Promise::text).collect(Collectors.joining(";")));
    }

    static void write(Path target, Part part) throws InputException {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeUTF(HEAD);
            out.writeUTF(part.name);
            out.writeUTF(part.identity);
            write(out, part.report);
            Files.write(target, bytes.toByteArray());
        } catch (IOException e) {
            throw new InputException(
                    "--part: " + InputFiles.shown(target) + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    static Part read(Path file) throws InputException {
        byte[] bytes = InputFiles.bytesOf(file, false);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (!in.readUTF().equals(HEAD)) {
                throw new IOException("it does not begin with '" + HEAD + "'");
            }
            return new Part(in.readUTF(), in.readUTF(), report(in));
        } catch (IOException | IllegalArgumentException e) {
            String reason = e.getMessage() == null ? "it ends too early" : e.getMessage();
            throw new InputException(InputFiles.shown(file) + ": is no part of a search: " + reason);
        }
    }

    /** Writes one item of a list. */
    @FunctionalInterface
    private interface Writing<T> {
        void write(T item) throws IOException;
    }

    /** Reads one item of a list. */
    @FunctionalInterface
    private interface Reading<T> {
        T read() throws IOException;
    }

    private static <T> void list(DataOutputStream out, List<T> items, Writing<T> writing) throws IOException {
        out.writeInt(items.size());
        for (T item : items) {
            writing.write(item);
        }
    }

    private static <T> List<T> list(DataInputStream in, Reading<T> reading) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MOST) {
            throw new IOException("a list of " + count);
        }
        List<T> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(reading.read());
        }
        return items;
    }

    private static void write(DataOutputStream out, ExploreReport report) throws IOException {
        ExploreOptions options = report.options();
        out.writeInt(report.cpus());
        out.writeInt(options.preemptions());
        out.writeInt(options.interrupts());
        out.writeInt(options.stalls());
        out.writeLong(options.duration().toMillis());
        out.writeInt(options.shard().number());
        out.writeInt(options.shard().count());
        out.writeInt(options.runs());
        list(out, report.programs(), out::writeUTF);
        list(out, report.answers(), answer -> {
            out.writeUTF(answer.object());
            out.writeUTF(answer.program());
            out.writeUTF(answer.section());
            out.writeUTF(answer.outcome().name());
            out.writeUTF(answer.reason());
            out.writeUTF(answer.explanation());
        });
        out.writeInt(report.situations());
        list(out, report.sites(), site -> {
            write(out, site.place());
            out.writeUTF(site.lock());
            list(out, List.copyOf(site.results()), result -> out.writeUTF(result.name()));
        });
        list(out, report.witnesses(), witness -> write(out, witness));
        list(out, report.notes(), out::writeUTF);
        out.writeInt(report.coveredPreemptions());
        out.writeInt(report.coveredInterrupts());
        out.writeLong(report.schedules());
        out.writeLong(report.states());
        out.writeLong(report.classes());
        out.writeLong(report.points());
        list(out, report.discoveries(), discovery -> {
            out.writeInt(discovery.stage());
            out.writeInt(discovery.situation());
            out.writeInt(discovery.order());
        });
    }

    private static ExploreReport report(DataInputStream in) throws IOException {
        int cpus = in.readInt();
        ExploreOptions options = new ExploreOptions(
                in.readInt(),
                in.readInt(),
                in.readInt(),
                Duration.ofMillis(in.readLong()),
                false,
                new ExploreOptions.Shard(in.readInt(), in.readInt()),
                in.readInt());
        List<String> programs = list(in, in::readUTF);
        return new ExploreReport(
                cpus,
                options,
                programs,
                list(in, () -> answer(in)),
                in.readInt(),
                list(in, () -> site(in)),
                list(in, () -> witness(in)),
                list(in, in::readUTF),
                in.readInt(),
                in.readInt(),
                in.readLong(),
                in.readLong(),
                in.readLong(),
                in.readLong(),
                List.of(),
                list(in, () -> new ExploreReport.Discovery(in.readInt(), in.readInt(), in.readInt())));
    }

    private static WorkloadRun.Answer answer(DataInputStream in) throws IOException {
        return new WorkloadRun.Answer(
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                WorkloadRun.Outcome.valueOf(in.readUTF()),
                in.readUTF(),
                in.readUTF());
    }

    private static LockSite site(DataInputStream in) throws IOException {
        Place place = place(in);
        String lock = in.readUTF();
        Set<LockOutcome> results = EnumSet.noneOf(LockOutcome.class);
        results.addAll(list(in, () -> LockOutcome.valueOf(in.readUTF())));
        return new LockSite(place, lock, results);
    }

    private static void write(DataOutputStream out, Place place) throws IOException {
        out.writeUTF(place.program());
        out.writeUTF(place.place());
        out.writeUTF(place.text());
    }

    private static Place place(DataInputStream in) throws IOException {
        return new Place(in.readUTF(), in.readUTF(), in.readUTF());
    }

    private static void write(DataOutputStream out, Witness witness) throws IOException {
        Finding finding = witness.finding();
        out.writeUTF(finding.kind().name());
        out.writeUTF(finding.key());
        out.writeUTF(finding.title());
        out.writeUTF(finding.explanation());
        out.writeUTF(witness.situation());
        list(out, witness.start().roots(), out::writeInt);
        out.writeBoolean(witness.start().sameNumbers());
        out.writeUTF(Plan.toString(witness.plan()));
        list(out, witness.rows(), row -> {
            out.writeInt(row.cpu());
            out.writeInt(row.depth());
            write(out, row.place());
            list(out, row.held(), out::writeUTF);
            out.writeUTF(row.word());
            out.writeUTF(row.mark());
        });
        list(out, witness.states(), state -> {
            list(out, state.registers(), out::writeLong);
            list(out, state.changes(), out::writeUTF);
        });
    }

    private static Witness witness(DataInputStream in) throws IOException {
        Finding finding = new Finding(Finding.Kind.valueOf(in.readUTF()), in.readUTF(), in.readUTF(), in.readUTF(), 0);
        return new Witness(
                finding,
                in.readUTF(),
                new Witness.Start(list(in, in::readInt), in.readBoolean()),
                Plan.parse(in.readUTF()),
                list(
                        in,
                        () -> new Storyboard.Row(
                                in.readInt(),
                                in.readInt(),
                                place(in),
                                list(in, in::readUTF),
                                in.readUTF(),
                                in.readUTF())),
                list(in, () -> new Storyboard.State(list(in, in::readLong), list(in, in::readUTF))));
    }
}
