/** Whether a program may run: the entry point and its verdicts. */
@NullMarked
package dev.spinbpf.verifier;

import org.jspecify.annotations.NullMarked;
