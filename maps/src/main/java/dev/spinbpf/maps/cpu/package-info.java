/**
 * Emulated CPUs: context levels, interrupt and preemption state, held locks, queue nodes, internal hooks and time. What
 * runs on a CPU is not here: a CPU calls the handlers that were set for it, and knows neither locks' algorithms nor
 * maps.
 */
@NullMarked
package dev.spinbpf.maps.cpu;

import org.jspecify.annotations.NullMarked;
