package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.EnumSet;
import java.util.Set;

/** The rules of one kernel that others do not have. */
final class KernelRules {
    private final Set<KernelRule> rules = EnumSet.noneOf(KernelRule.class);

    KernelRules(KernelVersion version) {
        for (String[] row : Tables.rows("kernel_rules.tsv", version)) {
            rules.add(KernelRule.valueOf(row[0]));
        }
    }

    boolean has(KernelRule rule) {
        return rules.contains(rule);
    }
}
