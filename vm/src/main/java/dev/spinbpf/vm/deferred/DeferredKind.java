package dev.spinbpf.vm.deferred;

import dev.spinbpf.programs.btf.BtfField;
import java.util.Locale;

/** The kinds of deferred calls. */
public enum DeferredKind {
    /** {@code bpf_timer}: in a softirq, once its time has come. */
    TIMER,
    /** {@code bpf_wq}: in a task, soon. */
    WQ,
    /** {@code bpf_task_work}: in the task that was named, when it goes back to user space. */
    TASK_WORK;

    /** Returns the word in tables and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns true for the kinds of fields that deferred calls are kept in. */
    static boolean isKept(BtfField.Kind kind) {
        return kind == BtfField.Kind.BPF_TIMER
                || kind == BtfField.Kind.BPF_WORKQUEUE
                || kind == BtfField.Kind.BPF_TASK_WORK;
    }
}
