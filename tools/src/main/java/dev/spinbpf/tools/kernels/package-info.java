/**
 * Kernels that the user imported: reading their files, and keeping their types, configuration and release. Nothing of any
 * kernel comes with spinbpf.
 */
@NullMarked
package dev.spinbpf.tools.kernels;

import org.jspecify.annotations.NullMarked;
