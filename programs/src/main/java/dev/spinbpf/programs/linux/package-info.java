/**
 * Linux's ABI as values: error numbers, types of maps, programs and attachments, flags, helper numbers, hooks.
 *
 * <p>Each constant has one home, and it is here. Nothing that does anything lives here.
 */
@NullMarked
package dev.spinbpf.programs.linux;

import org.jspecify.annotations.NullMarked;
