package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfDump;
import dev.spinbpf.programs.btf.BtfFormatter;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ProgramObject;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Reads damaged copies of the sample objects: bytes flipped, fields overwritten, files cut, pieces swapped. Each copy
 * either reads or is refused with a {@link MalformedObjectException}; nothing else may come out, and not late.
 *
 * <p>Run {@link #main} with a count and a seed for a longer run than the tests'.
 */
final class ObjectMutation {
    /** Processor time that a copy may take. */
    private static final long MAX_NANOS = 5_000_000_000L;

    private static final int[] TELLING = {0, 1, 2, 7, 8, 16, 24, 64, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, -1, -8};

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final SplittableRandom random;
    private int refused;

    ObjectMutation(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Reads so many copies; returns how many of them were refused. */
    int run(int copies) throws Exception {
        Btf target = ObjectReader.readTypes("target", CompiledObjects.bytes("core_target.bpf.o"));
        for (int i = 0; i < copies; i++) {
            String name = CompiledObjects.NAMES.get(i % CompiledObjects.NAMES.size());
            byte[] copy = mutate(CompiledObjects.bytes(name));
            Btf types = random.nextBoolean() ? target : Btf.EMPTY;
            long start = THREADS.getCurrentThreadCpuTime();
            try {
                use(ObjectReader.read(name, copy, ReadOptions.DEFAULT.withTargetTypes(types)));
            } catch (MalformedObjectException e) {
                Objects.requireNonNull(e.getMessage());
                refused++;
            }
            long nanos = THREADS.getCurrentThreadCpuTime() - start;
            if (nanos > MAX_NANOS) {
                throw new AssertionError("copy " + i + " of " + name + " took " + nanos / 1_000_000 + " ms");
            }
        }
        return refused;
    }

    /** Work of the tools on an object, which must not fail either. */
    private void use(ProgramObject object) {
        if (random.nextInt(8) == 0) {
            new BtfDump(object.btf()).raw();
            new BtfDump(object.btf()).c();
        }
        BtfFormatter formatter = new BtfFormatter(object.btf());
        for (MapDef map : object.maps()) {
            byte[] data = map.initialData();
            if (data != null && map.valueTypeId() != 0) {
                formatter.format(map.valueTypeId(), data).toText();
            }
        }
    }

    private byte[] mutate(byte[] original) {
        byte[] copy = original.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            switch (random.nextInt(6)) {
                case 0 -> copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
                case 1 -> copy[random.nextInt(copy.length)] = (byte) random.nextInt();
                case 2 -> overwriteField(copy, random.nextInt(copy.length));
                case 3 -> overwriteField(copy, inSectionTable(copy));
                case 4 -> swapPieces(copy);
                default -> swapSections(copy);
            }
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(copy, random.nextInt(copy.length)) : copy;
    }

    private void overwriteField(byte[] copy, int at) {
        int aligned = Math.min(at, copy.length - 8) & ~3;
        if (aligned >= 0) {
            ByteBuffer.wrap(copy)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(aligned, TELLING[random.nextInt(TELLING.length)]);
        }
    }

    private int inSectionTable(byte[] copy) {
        int table = tableOf(copy);
        return table + random.nextInt(copy.length - table);
    }

    private static int tableOf(byte[] copy) {
        long offset = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).getLong(40);
        return offset < 64 || offset > copy.length - 128 ? copy.length - 128 : (int) offset;
    }

    private void swapPieces(byte[] copy) {
        int length = 1 + random.nextInt(64);
        int a = random.nextInt(copy.length - length);
        int b = random.nextInt(copy.length - length);
        byte[] piece = Arrays.copyOfRange(copy, a, a + length);
        System.arraycopy(copy, b, copy, a, length);
        System.arraycopy(piece, 0, copy, b, length);
    }

    private void swapSections(byte[] copy) {
        int table = tableOf(copy);
        int count = (copy.length - table) / 64;
        int a = table + 64 * random.nextInt(count);
        int b = table + 64 * random.nextInt(count);
        byte[] header = Arrays.copyOfRange(copy, a, a + 64);
        System.arraycopy(copy, b, copy, a, 64);
        System.arraycopy(header, 0, copy, b, 64);
    }

    /** Arguments: number of copies, seed. */
    public static void main(String[] arguments) throws Exception {
        int copies = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        long start = System.nanoTime();
        int refused = new ObjectMutation(seed).run(copies);
        System.out.printf(
                "%d copies, seed %d: %d refused, %d ms%n",
                copies, seed, refused, (System.nanoTime() - start) / 1_000_000);
    }
}
