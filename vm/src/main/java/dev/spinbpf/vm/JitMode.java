package dev.spinbpf.vm;

import java.util.Locale;

/** When programs are compiled to JVM bytecode; what cannot be compiled is interpreted in each mode. */
public enum JitMode {
    /** Once they have executed many instructions, on another thread; not the largest ones. */
    AUTO,
    /** When they are loaded. */
    ALWAYS,
    /** As {@link #ALWAYS}, with a check at each access, so that a program that nobody verified faults as if interpreted. */
    CHECKED,
    /** Never. */
    NEVER;

    /** System property with the mode of machines that are not told another. */
    public static final String PROPERTY = "spinbpf.jit";

    /** Returns the mode that the system property names; {@link #NEVER} without it. */
    public static JitMode ofProperty() {
        return ofProperty(NEVER);
    }

    /** Returns the mode that the system property names; {@code otherwise} without it. */
    public static JitMode ofProperty(JitMode otherwise) {
        return valueOf(System.getProperty(PROPERTY, otherwise.name()).toUpperCase(Locale.ROOT));
    }
}
