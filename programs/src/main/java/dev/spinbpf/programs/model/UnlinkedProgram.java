package dev.spinbpf.programs.model;

import dev.spinbpf.programs.linux.ProgType;
import org.jspecify.annotations.Nullable;

/**
 * A program of an object that no loader would get as far as the kernel's verifier: its section says no program type, it
 * cannot be linked, or it holds bytes that are no instruction.
 *
 * @param name name of its main function
 * @param section section that it came from, without a leading {@code ?}
 * @param type what kind of program it is; {@link ProgType#UNSPEC} if its section does not say
 * @param autoload false if the section's name starts with {@code ?}
 * @param reason what is wrong, in a sentence
 * @param code the program, if its instructions are whole; null otherwise
 */
public record UnlinkedProgram(
        String name,
        String section,
        ProgType type,
        boolean autoload,
        String reason,
        @Nullable Program code) {}
