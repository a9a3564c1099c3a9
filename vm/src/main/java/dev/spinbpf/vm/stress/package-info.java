/**
 * Stress runs: programs, or locks alone, on all CPUs at once while interrupts land, and what came of them. Reports are
 * values here; their text, JSON and metrics are the tools'.
 */
@NullMarked
package dev.spinbpf.vm.stress;

import org.jspecify.annotations.NullMarked;
