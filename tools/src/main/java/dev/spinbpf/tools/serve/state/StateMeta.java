package dev.spinbpf.tools.serve.state;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is kept but what is in maps.
 *
 * @param objects the objects, in order
 * @param inWorkload names of those that came with the workload
 * @param running true where the workload runs
 * @param durationMillis how long, -1 until it is stopped
 * @param seed of its random choices
 */
record StateMeta(List<SavedObject> objects, List<String> inWorkload, boolean running, long durationMillis, long seed) {
    private static final int MOST = 1 << 16;
    private static final List<ContextLevel> LEVELS = List.of(ContextLevel.values());

    /**
     * An object.
     *
     * @param name its name
     * @param digest SHA-256 of its file, by which the file is found
     * @param programs its programs that are loaded
     */
    record SavedObject(String name, String digest, List<SavedProgram> programs) {}

    /**
     * A program that is loaded.
     *
     * @param attachment how it is attached, or null
     */
    record SavedProgram(String name, @Nullable Attachment attachment) {}

    /** The engine as it is now. */
    static StateMeta of(Engine engine) {
        List<SavedObject> objects = new ArrayList<>();
        for (ServedObject object : engine.objects()) {
            List<SavedProgram> programs = new ArrayList<>();
            for (ServedProgram program : object.programs()) {
                if (program.isLoaded()) {
                    programs.add(new SavedProgram(program.name(), program.attachment()));
                }
            }
            objects.add(new SavedObject(object.name(), object.digest(), programs));
        }
        var workload = engine.run().change();
        return new StateMeta(
                objects, engine.namesInWorkload(), workload.running(), workload.durationMillis(), workload.seed());
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(objects.size());
        for (SavedObject object : objects) {
            out.writeUTF(object.name());
            out.writeUTF(object.digest());
            out.writeInt(object.programs().size());
            for (SavedProgram program : object.programs()) {
                out.writeUTF(program.name());
                out.writeBoolean(program.attachment() != null);
                if (program.attachment() != null) {
                    write(out, program.attachment());
                }
            }
        }
        out.writeInt(inWorkload.size());
        for (String name : inWorkload) {
            out.writeUTF(name);
        }
        out.writeBoolean(running);
        out.writeLong(durationMillis);
        out.writeLong(seed);
    }

    private static void write(DataOutputStream out, Attachment how) throws IOException {
        out.writeUTF(how.hook());
        ContextLevel level = how.level();
        out.writeByte(level == null ? -1 : level.ordinal());
        switch (how.pacing()) {
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
        out.writeLong(how.cpus().mask());
    }

    static StateMeta read(DataInputStream in) throws IOException {
        List<SavedObject> objects = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            String name = in.readUTF();
            String digest = in.readUTF();
            List<SavedProgram> programs = new ArrayList<>();
            for (int more = count(in); more > 0; more--) {
                String program = in.readUTF();
                programs.add(new SavedProgram(program, in.readBoolean() ? attachment(in, name, program) : null));
            }
            objects.add(new SavedObject(name, digest, programs));
        }
        List<String> inWorkload = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            inWorkload.add(in.readUTF());
        }
        return new StateMeta(objects, inWorkload, in.readBoolean(), in.readLong(), in.readLong());
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MOST) {
            throw new IOException("a count is " + count);
        }
        return count;
    }

    private static Attachment attachment(DataInputStream in, String object, String program) throws IOException {
        String hook = in.readUTF();
        int level = in.readByte();
        Pacing pacing =
                switch (in.readByte()) {
                    case 0 -> Pacing.Unpaced.INSTANCE;
                    case 1 -> new Pacing.Rate(in.readLong(), in.readLong());
                    default -> new Pacing.Period(in.readLong());
                };
        return new Attachment(
                object, program, hook, level < 0 ? null : LEVELS.get(level), pacing, new CpuSet(in.readLong()));
    }
}
