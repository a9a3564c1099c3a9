/**
 * The program as it is verified: its instructions, functions and control flow, and the exploration of its paths.
 *
 * <p>No rule of what programs may do lives here, but for those of control flow itself.
 */
@NullMarked
package dev.spinbpf.verifier.flow;

import org.jspecify.annotations.NullMarked;
