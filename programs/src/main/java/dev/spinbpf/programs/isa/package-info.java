/** The instruction set as one table, and its byte encoding. */
@NullMarked
package dev.spinbpf.programs.isa;

import org.jspecify.annotations.NullMarked;
