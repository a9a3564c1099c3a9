package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The constants of {@code sched_ext} that schedulers keep in variables: {@code __SCX_DSQ_LOCAL} is the kernel's enumerator
 * {@code SCX_DSQ_LOCAL}. Their loaders look them up before they load the object ({@code SCX_ENUM_INIT}).
 */
final class SchedulerConstants {
    private static final String BEGIN = "__SCX_";

    private SchedulerConstants() {}

    /** Returns the values that are given, and those of constants that an object has a variable for and nobody gave a value. */
    static Map<String, String> with(Map<String, String> given, Btf object, Btf kernelTypes) {
        Map<String, Long> wanted = new HashMap<>();
        for (BtfType type : object.types()) {
            if (type instanceof BtfType.Var variable && variable.name().startsWith(BEGIN)) {
                wanted.put(variable.name().substring(2), 0L);
            }
        }
        if (wanted.isEmpty()) {
            return given;
        }
        Map<String, String> all = new TreeMap<>();
        for (BtfType type : kernelTypes.types()) {
            if (type instanceof BtfType.Enum choice) {
                add(choice, wanted.keySet(), all);
            }
        }
        all.putAll(given);
        return all;
    }

    private static void add(BtfType.Enum choice, Set<String> wanted, Map<String, String> all) {
        for (BtfType.EnumValue value : choice.values()) {
            if (wanted.contains(value.name())) {
                all.put("__" + value.name(), "0x" + Long.toHexString(value.value()));
            }
        }
    }
}
