package dev.spinbpf.vm;

import java.util.Locale;

/** When programs are compiled to JVM bytecode. */
public enum JitMode {
    /** Once they have executed many instructions, on another thread; what cannot be compiled stays interpreted. */
    AUTO,
    /** When they are loaded; what cannot be compiled stays interpreted. */
    ALWAYS,
    /** As {@link #ALWAYS}, with a check at each access, so that a program that nobody verified faults where it would interpreted. */
    CHECKED,
    /** Never. */
    NEVER;

    /** System property with the mode of machines that are not told another. */
    public static final String PROPERTY = "spinbpf.jit";

    /** Returns the mode that the system property names; {@link #NEVER} without it. */
    public static JitMode ofProperty() {
        String name = System.getProperty(PROPERTY, NEVER.name());
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
