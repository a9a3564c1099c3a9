/**
 * Workload files: reading, checking and writing them, and what they name (captures, values of maps). A workload itself
 * is a value of {@code dev.spinbpf.vm.stress}; running it does not belong here.
 */
@NullMarked
package dev.spinbpf.tools.workload;

import org.jspecify.annotations.NullMarked;
