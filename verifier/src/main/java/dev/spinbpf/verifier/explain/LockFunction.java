package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.kernel.Endings;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

    /** The sections, by the trait of the function that begins them; the first that it has counts. */
    private static final Map<String, String> SECTIONS = sections();

    private static final Map<String, LockFunction> BY_NAME = byName();

    private static Map<String, String> sections() {
        var sections = new LinkedHashMap<String, String>();
        sections.put("takes_lock", LOCK);
        sections.put("preempt_disable", "preemption off");
        sections.put("rcu_lock", "an RCU read section");
        sections.put("saves_irq", "interrupts off");
        return sections;
    }

    private static Map<String, LockFunction> byName() {
        var functions = new HashMap<String, LockFunction>();
        for (Endings.Beginning beginning : Endings.all()) {
            String section = SECTIONS.keySet().stream()
                    .filter(beginning.traits()::contains)
                    .findFirst()
                    .map(SECTIONS::get)
                    .orElse(null);
            if (section != null) {
                String end = beginning.endedBy().getFirst();
                functions.put(beginning.function(), new LockFunction(section, true, end, beginning.mayFail()));
                functions.put(end, new LockFunction(section, false, beginning.function(), false));
            }
        }
        return Map.copyOf(functions);
    }

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
