/**
 * A program once it is read: object, program, map, source line.
 *
 * <p>Made by the readers in {@code elf} and {@code asm}; knows nothing of either.
 */
@NullMarked
package dev.spinbpf.programs.model;

import org.jspecify.annotations.NullMarked;
