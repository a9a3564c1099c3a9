/**
 * Runs pre-decoded programs: the interpreter, the semantics of each operation, faults. Helpers come in through
 * {@code Linkage}; nothing here knows what they do.
 */
@NullMarked
package dev.spinbpf.vm.exec;

import org.jspecify.annotations.NullMarked;
