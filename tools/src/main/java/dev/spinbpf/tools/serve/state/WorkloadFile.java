package dev.spinbpf.tools.serve.state;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.tools.workload.TaskText;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.LockChoice;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.Packets;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.LockDelay;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.task.TaskSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The file form of a client's workload, without its objects and attachments, which are kept apart. */
final class WorkloadFile {
    private static final List<ContextLevel> LEVELS = List.of(ContextLevel.values());
    private static final List<LockChoice> LOCKS = List.of(LockChoice.values());

    private WorkloadFile() {}

    static byte[] write(ProgramWorkload workload) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(workload.cpus());
        out.writeByte(workload.lock().ordinal());
        out.writeLong(workload.seed());
        out.writeLong(workload.duration().toSeconds());
        out.writeInt(workload.duration().toNanosPart());
        out.writeInt(workload.heldTimesInterval());
        write(out, workload.nmis());
        write(out, workload.hardirqs());
        NamedFile types = workload.kernelTypes();
        out.writeBoolean(types != null);
        if (types != null) {
            out.writeUTF(types.name());
            write(out, types.contents());
        }
        out.writeInt(workload.delays().size());
        for (LockDelay delay : workload.delays()) {
            out.writeUTF(delay.lock());
            out.writeUTF(delay.map());
            write(out, delay.level());
            out.writeLong(delay.nanos());
            out.writeInt(delay.oneIn());
        }
        out.writeBoolean(workload.packets().inTurn());
        out.writeInt(workload.packets().frames().size());
        for (ByteString frame : workload.packets().frames()) {
            write(out, frame);
        }
        out.writeInt(workload.promises().size());
        for (Promise promise : workload.promises()) {
            out.writeUTF(promise.text());
        }
        out.writeInt(workload.tasks().size());
        for (TaskSpec task : workload.tasks()) {
            out.writeInt(task.pid());
            out.writeUTF(task.comm());
            out.writeInt(task.uid());
            out.writeUTF(task.cgroup());
            out.writeUTF(String.join(TaskText.SEPARATOR, task.stack()));
        }
        return bytes.toByteArray();
    }

    static ProgramWorkload read(byte[] bytes) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            return new ProgramWorkload(
                    in.readInt(),
                    LOCKS.get(in.readByte()),
                    in.readLong(),
                    Duration.ofSeconds(in.readLong(), in.readInt()),
                    in.readInt(),
                    pacing(in),
                    pacing(in),
                    in.readBoolean() ? new NamedFile(in.readUTF(), bytes(in)) : null,
                    List.of(),
                    List.of(),
                    delays(in),
                    List.of(),
                    packets(in),
                    promises(in),
                    tasks(in));
        }
    }

    private static List<LockDelay> delays(DataInputStream in) throws IOException {
        List<LockDelay> delays = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            delays.add(new LockDelay(in.readUTF(), in.readUTF(), level(in), in.readLong(), in.readInt()));
        }
        return delays;
    }

    private static Packets packets(DataInputStream in) throws IOException {
        boolean inTurn = in.readBoolean();
        List<ByteString> frames = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            frames.add(bytes(in));
        }
        return new Packets(frames, inTurn);
    }

    /** Reads promises; files of before they were there end without. */
    private static List<Promise> promises(DataInputStream in) throws IOException {
        List<Promise> promises = new ArrayList<>();
        for (int left = in.available() == 0 ? 0 : in.readInt(); left > 0; left--) {
            try {
                promises.add(Promise.parse(in.readUTF()));
            } catch (PromiseException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
        return promises;
    }

    /** Reads tasks; files of before they were there end without. */
    private static List<TaskSpec> tasks(DataInputStream in) throws IOException {
        List<TaskSpec> tasks = new ArrayList<>();
        for (int left = in.available() == 0 ? 0 : in.readInt(); left > 0; left--) {
            int pid = in.readInt();
            String comm = in.readUTF();
            tasks.add(new TaskSpec(pid, comm, in.readInt(), in.readUTF(), TaskText.stack(in.readUTF())));
        }
        return tasks;
    }

    private static void write(DataOutputStream out, ByteString bytes) throws IOException {
        out.writeInt(bytes.size());
        out.write(bytes.toArray());
    }

    private static ByteString bytes(DataInputStream in) throws IOException {
        return ByteString.of(in.readNBytes(in.readInt()));
    }

    /** Writes a level, or null. */
    static void write(DataOutputStream out, @Nullable ContextLevel level) throws IOException {
        out.writeByte(level == null ? -1 : level.ordinal());
    }

    /** Reads a level that {@link #write(DataOutputStream, ContextLevel)} wrote. */
    static @Nullable ContextLevel level(DataInputStream in) throws IOException {
        int ordinal = in.readByte();
        return ordinal < 0 ? null : LEVELS.get(ordinal);
    }

    /** Writes a pacing. */
    static void write(DataOutputStream out, Pacing pacing) throws IOException {
        switch (pacing) {
            case Pacing.Unpaced _ -> out.writeByte(0);
            case Pacing.Rate rate -> {
                out.writeByte(1);
                out.writeLong(rate.events());
                out.writeLong(rate.perNanos());
            }
            case Pacing.Period period -> {
                out.writeByte(2);
                out.writeLong(period.nanos());
            }
        }
    }

    /** Reads a pacing that {@link #write(DataOutputStream, Pacing)} wrote. */
    static Pacing pacing(DataInputStream in) throws IOException {
        return switch (in.readByte()) {
            case 0 -> Pacing.Unpaced.INSTANCE;
            case 1 -> new Pacing.Rate(in.readLong(), in.readLong());
            default -> new Pacing.Period(in.readLong());
        };
    }
}
