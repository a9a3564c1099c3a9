package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_PERF_EVENT_ARRAY} as an output channel: user space opens a buffer for a CPU, programs on that CPU
 * write samples into it.
 *
 * <p>A buffer is written by its CPU alone; no interrupt lands while a sample is written, because nothing there is a
 * schedule point.
 *
 * <pre>
 *   buffer:  producer position(8) consumer position(8) lost(8) mask(8) cpu(4) ... data from 64 on
 *   sample:  size(8) data, rounded up to eight
 * </pre>
 */
public final class PerfEventArrayMap extends HandleArrayMap {
    private static final int CONSUMER = 8;
    private static final int LOST = 16;
    private static final int MASK = 24;
    private static final int CPU = 32;
    private static final int DATA = 64;
    private static final int SIZE_FIELD = 8;
    private static final int LARGEST_SAMPLE = 0xffff;

    PerfEventArrayMap(CheckedMapDef definition) {
        super(definition);
    }

    /**
     * Opens a buffer.
     *
     * @param index the slot
     * @param cpuId the CPU whose samples it takes
     * @param sizeBytes its size, a power of two
     * @return 0, -E2BIG no such slot, -EINVAL no such CPU or size, -EBUSY open already, -ENOSPC no memory
     */
    public int open(int index, int cpuId, long sizeBytes) {
        if (!has(index)) {
            return -E2BIG;
        }
        if (cpuId < 0 || cpuId >= cpuCount || sizeBytes < SIZE_FIELD || Long.bitCount(sizeBytes) != 1) {
            return -EINVAL;
        }
        if (GuestWords.getLongAcquire(slot(index)) != 0) {
            return -EBUSY;
        }
        long buffer = arena().tryAllocate(DATA + sizeBytes, DATA);
        if (buffer == 0) {
            return -ENOSPC;
        }
        GuestMemory.putLong(buffer + MASK, sizeBytes - 1);
        GuestMemory.putInt(buffer + CPU, cpuId);
        GuestWords.setLongRelease(slot(index), buffer);
        return 0;
    }

    /** Returns true where user space has opened a buffer at an index of the array. */
    public boolean isOpen(int index) {
        return GuestWords.getLongAcquire(slot(index)) != 0;
    }

    /**
     * {@code bpf_perf_event_output}.
     *
     * @param flags an index, or {@link MapFlags#BPF_F_CURRENT_CPU}
     * @return 0, -EINVAL unknown flags, -E2BIG no such slot, -ENOENT not open, -EOPNOTSUPP open for another CPU,
     *     -ENOSPC full
     */
    public int output(Cpu cpu, long flags, long from, long size) {
        return output(cpu, flags, from, size, 0, 0);
    }

    /**
     * {@code bpf_perf_event_output} of a program whose context is a packet: the sample goes on with the packet's first
     * bytes.
     *
     * @param packet address of the packet
     * @param packetSize how many of its bytes to add
     */
    public int output(Cpu cpu, long flags, long from, long size, long packet, long packetSize) {
        return (int) stats().count(cpu, MapOperation.OUTPUT, write(cpu, flags, from, size, packet, packetSize));
    }

    private int write(Cpu cpu, long flags, long from, long size, long packet, long packetSize) {
        if ((flags & ~MapFlags.BPF_F_INDEX_MASK) != 0) {
            return -EINVAL;
        }
        int index = flags == MapFlags.BPF_F_CURRENT_CPU ? cpu.id() : (int) flags;
        if (!has(index)) {
            return -E2BIG;
        }
        long buffer = GuestWords.getLongAcquire(slot(index));
        if (buffer == 0) {
            return -ENOENT;
        }
        if (GuestMemory.getInt(buffer + CPU) != cpu.id()) {
            return -EOPNOTSUPP;
        }
        long mask = GuestMemory.getLong(buffer + MASK);
        long producer = GuestMemory.getLong(buffer);
        long length = Bytes.roundUp8(size + packetSize + SIZE_FIELD);
        long used = producer - GuestMemory.getLongAcquire(buffer + CONSUMER);
        if (Long.compareUnsigned(size + packetSize, LARGEST_SAMPLE) > 0 || used + length > mask + 1) {
            GuestMemory.setLongOpaque(buffer + LOST, GuestMemory.getLong(buffer + LOST) + 1);
            return -ENOSPC;
        }
        GuestMemory.putLong(buffer + DATA + (producer & mask), size + packetSize);
        write(buffer, producer + SIZE_FIELD, from, size);
        write(buffer, producer + SIZE_FIELD + size, packet, packetSize);
        GuestMemory.setLongRelease(buffer, producer + length);
        return 0;
    }

    private static void write(long buffer, long position, long from, long size) {
        long mask = GuestMemory.getLong(buffer + MASK);
        for (long at = 0; at < size; at++) {
            GuestMemory.putByte(buffer + DATA + (position + at & mask), GuestMemory.getByte(from + at));
        }
    }

    /** Takes the samples. */
    @FunctionalInterface
    public interface SampleVisitor {
        /** Takes a sample. */
        void visit(int cpuId, byte[] sample);
    }

    /** Reads and removes all samples of a slot; one thread at a time may. Returns how many there were. */
    public long consume(int index, SampleVisitor visitor) {
        long buffer = has(index) ? GuestWords.getLongAcquire(slot(index)) : 0;
        if (buffer == 0) {
            return 0;
        }
        long mask = GuestMemory.getLong(buffer + MASK);
        long consumer = GuestMemory.getLong(buffer + CONSUMER);
        long visited = 0;
        while (consumer != GuestWords.getLongAcquire(buffer)) {
            byte[] sample = new byte[(int) GuestMemory.getLong(buffer + DATA + (consumer & mask))];
            for (int at = 0; at < sample.length; at++) {
                sample[at] = GuestMemory.getByte(buffer + DATA + (consumer + SIZE_FIELD + at & mask));
            }
            consumer += Bytes.roundUp8(sample.length + SIZE_FIELD);
            GuestWords.setLongRelease(buffer + CONSUMER, consumer);
            visitor.visit(GuestMemory.getInt(buffer + CPU), sample);
            visited++;
        }
        return visited;
    }

    /** Returns how many samples did not fit. */
    public long lost(int index) {
        long buffer = has(index) ? GuestWords.getLongAcquire(slot(index)) : 0;
        return buffer == 0 ? 0 : GuestMemory.getLongOpaque(buffer + LOST);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        return -EBADF;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }
}
