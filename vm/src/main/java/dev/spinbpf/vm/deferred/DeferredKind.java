package dev.spinbpf.vm.deferred;

import dev.spinbpf.programs.btf.BtfField;
import java.util.Arrays;
import java.util.Locale;

/** The kinds of deferred calls. */
public enum DeferredKind {
    /** {@code bpf_timer}: in a softirq, once its time has come. */
    TIMER(BtfField.Kind.BPF_TIMER),
    /** {@code bpf_wq}: in a task, soon. */
    WQ(BtfField.Kind.BPF_WORKQUEUE),
    /** {@code bpf_task_work}: in the task that was named, when it goes back to user space. */
    TASK_WORK(BtfField.Kind.BPF_TASK_WORK);

    private final BtfField.Kind field;

    DeferredKind(BtfField.Kind field) {
        this.field = field;
    }

    /** Returns the kind of the field that holds such a call. */
    BtfField.Kind field() {
        return field;
    }

    /** Returns the word in tables and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns true for the kinds of fields that deferred calls are kept in. */
    static boolean isKept(BtfField.Kind kind) {
        return Arrays.stream(values()).anyMatch(one -> one.field == kind);
    }
}
