package dev.spinbpf.verifier.explain;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A function that begins or ends a critical section.
 *
 * @param what the section: {@code lock}, or in words what is switched off or held
 * @param takes whether it begins the section
 * @param inverse the function that ends, or begins, the same
 * @param mayFail whether its result says that it did nothing
 */
record LockFunction(String what, boolean takes, String inverse, boolean mayFail) {
    private static final String LOCK = "lock";
    private static final String PREEMPTION = "preemption off";
    private static final String RCU = "an RCU read section";
    private static final String INTERRUPTS = "interrupts off";

    private static final Map<String, LockFunction> BY_NAME = Map.ofEntries(
            Map.entry("bpf_spin_lock", new LockFunction(LOCK, true, "bpf_spin_unlock", false)),
            Map.entry("bpf_spin_unlock", new LockFunction(LOCK, false, "bpf_spin_lock", false)),
            Map.entry("bpf_res_spin_lock", new LockFunction(LOCK, true, "bpf_res_spin_unlock", true)),
            Map.entry("bpf_res_spin_unlock", new LockFunction(LOCK, false, "bpf_res_spin_lock", false)),
            Map.entry(
                    "bpf_res_spin_lock_irqsave", new LockFunction(LOCK, true, "bpf_res_spin_unlock_irqrestore", true)),
            Map.entry(
                    "bpf_res_spin_unlock_irqrestore",
                    new LockFunction(LOCK, false, "bpf_res_spin_lock_irqsave", false)),
            Map.entry("bpf_preempt_disable", new LockFunction(PREEMPTION, true, "bpf_preempt_enable", false)),
            Map.entry("bpf_preempt_enable", new LockFunction(PREEMPTION, false, "bpf_preempt_disable", false)),
            Map.entry("bpf_rcu_read_lock", new LockFunction(RCU, true, "bpf_rcu_read_unlock", false)),
            Map.entry("bpf_rcu_read_unlock", new LockFunction(RCU, false, "bpf_rcu_read_lock", false)),
            Map.entry("bpf_local_irq_save", new LockFunction(INTERRUPTS, true, "bpf_local_irq_restore", false)),
            Map.entry("bpf_local_irq_restore", new LockFunction(INTERRUPTS, false, "bpf_local_irq_save", false)));

    static @Nullable LockFunction of(String function) {
        return BY_NAME.get(function);
    }

    boolean isLock() {
        return what.equals(LOCK);
    }

    /** Returns the call as the program writes it: with the lock's address, and the flags where it has some. */
    static String call(String function, String lock) {
        return function + "(&" + lock + (function.contains("irq") ? ", &flags)" : ")");
    }
}
