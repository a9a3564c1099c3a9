/** Emulated CPUs: context levels, interrupt and preemption state, held locks, queue nodes, internal hooks and time. */
@NullMarked
package dev.spinbpf.maps.cpu;

import org.jspecify.annotations.NullMarked;
