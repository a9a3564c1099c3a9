package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import java.util.List;

/**
 * The layout of a map's values. Copies leave out the special fields, which belong to the kernel.
 *
 * <p>{@code copy} and {@code zero} are the kernel's {@code copy_map_value} and {@code zero_map_value};
 * {@code initialize} is {@code check_and_init_map_value}, for buffers that nobody else sees.
 */
public final class ValueLayout {
    private static final int NONE = -1;
    private static final int REFCOUNT_ONE = 1;

    private final BtfRecord record;
    private final int size;
    private final int[] starts;
    private final int[] ends;
    private final int spinLockOffset;
    private final boolean cancellable;

    ValueLayout(BtfRecord record, int size) {
        this.record = record;
        this.size = size;
        List<BtfField> fields = record.fields();
        starts = fields.stream().mapToInt(BtfField::offset).toArray();
        ends = fields.stream().mapToInt(BtfField::end).toArray();
        BtfField lock = record.first(BtfField.Kind.BPF_SPIN_LOCK);
        spinLockOffset = lock == null ? NONE : lock.offset();
        cancellable = record.has(BtfField.Kind.BPF_TIMER)
                || record.has(BtfField.Kind.BPF_WORKQUEUE)
                || record.has(BtfField.Kind.BPF_TASK_WORK);
    }

    /** The special fields. */
    public BtfRecord record() {
        return record;
    }

    /** Size of a value in bytes. */
    public int size() {
        return size;
    }

    boolean hasSpinLock() {
        return spinLockOffset != NONE;
    }

    /** Offset of the {@code bpf_spin_lock}; asked only where there is one. */
    int spinLockOffset() {
        return spinLockOffset;
    }

    boolean isCancellable() {
        return cancellable;
    }

    void copy(long from, long to) {
        if (starts.length == 0) {
            Bytes.copy(from, to, size);
            return;
        }
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            Bytes.copy(from + at, to + at, starts[i] - at);
            at = ends[i];
        }
        Bytes.copy(from + at, to + at, size - at);
    }

    void zero(long to) {
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            Bytes.zero(to + at, starts[i] - at);
            at = ends[i];
        }
        Bytes.zero(to + at, size - at);
    }

    /** Zeroes the special fields, whatever a file wanted them to hold: a lock starts unlocked. */
    void clearFields(long value) {
        for (int i = 0; i < starts.length; i++) {
            Bytes.zero(value + starts[i], ends[i] - starts[i]);
        }
    }

    void initialize(long value) {
        for (BtfField field : record.fields()) {
            long at = value + field.offset();
            Bytes.zero(at, field.sizeBytes());
            switch (field.kind()) {
                case BPF_REFCOUNT -> GuestMemory.putInt(at, REFCOUNT_ONE);
                case BPF_LIST_HEAD, BPF_LIST_NODE -> {
                    GuestMemory.putLong(at, at);
                    GuestMemory.putLong(at + Long.BYTES, at);
                }
                case BPF_RB_NODE -> GuestMemory.putLong(at, at);
                default -> {}
            }
        }
    }
}
