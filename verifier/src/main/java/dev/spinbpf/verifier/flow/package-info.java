/** The phases of a verification: functions, control flow, the main loop, calls of functions. */
@NullMarked
package dev.spinbpf.verifier.flow;

import org.jspecify.annotations.NullMarked;
