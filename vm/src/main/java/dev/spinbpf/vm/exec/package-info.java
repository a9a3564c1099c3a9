/** Runs pre-decoded programs: the interpreter, the semantics of each operation, faults. */
@NullMarked
package dev.spinbpf.vm.exec;

import org.jspecify.annotations.NullMarked;
