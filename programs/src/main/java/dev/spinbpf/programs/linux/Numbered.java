package dev.spinbpf.programs.linux;

import java.util.Locale;
import java.util.Optional;

/** A constant of an enumeration in Linux's ABI, which programs and tools know by its number. */
interface Numbered {
    /** The constant's name in Java: Linux's without the prefix. */
    String name();

    /** The number in Linux's enumeration. */
    int number();

    /** The name as bpftool prints it: lower case. */
    default String display() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of some constants that has this number, or empty. */
    static <T extends Numbered> Optional<T> of(T[] constants, int number) {
        for (T constant : constants) {
            if (constant.number() == number) {
                return Optional.of(constant);
            }
        }
        return Optional.empty();
    }
}
