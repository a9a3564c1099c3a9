package dev.spinbpf.tools.robustness;

import dev.spinbpf.tools.robustness.ObjectLayout.Section;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages object files: bytes, fields and sections of the file, or only the instructions of a file that stays sound. */
final class ObjectDamage {
    private static final long[] EXTREMES = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        16,
        24,
        63,
        64,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0xffff,
        0x10000,
        0x7ffffff8,
        0x7fffffff,
        0x80000000L,
        0xfffffff8L,
        0xffffffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -8
    };
    private static final int INSN_BYTES = 8;

    private final SplittableRandom random;

    ObjectDamage(SplittableRandom random) {
        this.random = random;
    }

    /** A copy with one to six changes anywhere, sometimes cut or with bytes after its end. */
    byte[] anywhere(byte[] original, ObjectLayout layout) {
        byte[] copy = original.clone();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            change(copy, layout);
        }
        return switch (random.nextInt(24)) {
            case 0, 1 -> Arrays.copyOf(copy, random.nextInt(copy.length));
            case 2 -> Arrays.copyOf(copy, copy.length + random.nextInt(4096));
            default -> copy;
        };
    }

    private void change(byte[] copy, ObjectLayout layout) {
        switch (random.nextInt(12)) {
            case 0 -> copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> copy[random.nextInt(copy.length)] = (byte) random.nextInt();
            case 2 -> extreme(copy, random.nextInt(copy.length));
            case 3 -> extreme(copy, random.nextInt(ObjectLayout.HEADER_BYTES));
            case 4, 5 -> sectionHeader(copy, layout);
            case 6, 7, 8 -> extreme(copy, within(oneOf(layout.tables())));
            case 9 -> swapPieces(copy);
            case 10 -> swapHeaders(copy, layout);
            default -> swapWithin(copy, oneOf(layout.tables()));
        }
    }

    /** A copy with one to ten of its instructions replaced, changed, moved or repeated. */
    byte[] instructions(byte[] original, ObjectLayout layout) {
        byte[] copy = original.clone();
        Section code = oneOf(layout.code());
        int insns = code.size() / INSN_BYTES;
        int changes = random.nextInt(8) == 0 ? insns : 1 + random.nextInt(10);
        for (int i = 0; i < changes; i++) {
            instruction(copy, code.offset() + INSN_BYTES * random.nextInt(insns), code, insns);
        }
        return copy;
    }

    private void instruction(byte[] copy, int at, Section code, int insns) {
        ByteBuffer bytes = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        int other = code.offset() + INSN_BYTES * random.nextInt(insns);
        switch (random.nextInt(9)) {
            case 0 -> bytes.putLong(at, random.nextLong());
            case 1 -> copy[at] = (byte) random.nextInt();
            case 2 -> copy[at + 1] = (byte) (random.nextInt(11) << 4 | random.nextInt(11));
            case 3 -> bytes.putShort(at + 2, (short) (random.nextInt(64) - 32));
            case 4 -> bytes.putShort(at + 2, (short) extreme());
            case 5 -> bytes.putInt(at + 4, random.nextInt(256) - 16);
            case 6 -> bytes.putInt(at + 4, (int) extreme());
            case 7 -> bytes.putLong(at, bytes.getLong(other));
            default -> swap(copy, at, other, INSN_BYTES);
        }
    }

    private void sectionHeader(byte[] copy, ObjectLayout layout) {
        int field = random.nextInt(ObjectLayout.HEADER_BYTES / 4) * 4;
        extreme(copy, layout.headerOf(oneOf(layout.sections())) + field);
    }

    /** Overwrites a field of one to eight bytes by a telling value, or moves it by a little. */
    private void extreme(byte[] copy, int at) {
        int width = 1 << random.nextInt(4);
        int start = Math.clamp(at & -Math.min(width, 4), 0, copy.length - width);
        ByteBuffer bytes = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        long value = random.nextInt(4) == 0 ? copy[start] + random.nextInt(-9, 10) : extreme();
        switch (width) {
            case 1 -> bytes.put(start, (byte) value);
            case 2 -> bytes.putShort(start, (short) value);
            case 4 -> bytes.putInt(start, (int) value);
            default -> bytes.putLong(start, value);
        }
    }

    private long extreme() {
        return EXTREMES[random.nextInt(EXTREMES.length)];
    }

    private int within(Section section) {
        return section.offset() + random.nextInt(section.size());
    }

    private void swapPieces(byte[] copy) {
        int length = 1 + random.nextInt(64);
        swap(copy, random.nextInt(copy.length - length), random.nextInt(copy.length - length), length);
    }

    private void swapWithin(byte[] copy, Section section) {
        int length = Math.min(section.size(), 4 << random.nextInt(5));
        int places = section.size() - length + 1;
        swap(copy, section.offset() + random.nextInt(places), section.offset() + random.nextInt(places), length);
    }

    private void swapHeaders(byte[] copy, ObjectLayout layout) {
        int a = layout.headerOf(oneOf(layout.sections()));
        int b = layout.headerOf(oneOf(layout.sections()));
        if (random.nextBoolean()) {
            swap(copy, a, b, ObjectLayout.HEADER_BYTES);
        } else {
            swap(copy, a + 24, b + 24, 16);
        }
    }

    private static void swap(byte[] copy, int a, int b, int length) {
        byte[] first = Arrays.copyOfRange(copy, a, a + length);
        byte[] second = Arrays.copyOfRange(copy, b, b + length);
        System.arraycopy(second, 0, copy, a, length);
        System.arraycopy(first, 0, copy, b, length);
    }

    private <T> T oneOf(List<T> things) {
        return things.get(random.nextInt(things.size()));
    }
}
