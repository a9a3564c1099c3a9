/**
 * The verifier's entry point, its verdicts, and the phases of a verification in their order.
 *
 * <p>Everything else of the verifier is below: nothing there depends on this package.
 */
@NullMarked
package dev.spinbpf.verifier;

import org.jspecify.annotations.NullMarked;
