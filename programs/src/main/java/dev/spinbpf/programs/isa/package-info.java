/**
 * The instruction set as one table, and its encoding as bytes. The meaning of operations is left to those that verify
 * or run them.
 */
@NullMarked
package dev.spinbpf.programs.isa;

import org.jspecify.annotations.NullMarked;
