/** What is counted about locks, as rows of reports; and stress runs that need no program. */
@NullMarked
package dev.spinbpf.vm.stress;

import org.jspecify.annotations.NullMarked;
