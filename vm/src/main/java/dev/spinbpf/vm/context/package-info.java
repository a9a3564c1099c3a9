/**
 * Program runs that nest on a CPU: guards against recursion, stacks, contexts, counters. The reason why a program runs
 * is not known here; hooks and the machine start the runs.
 */
@NullMarked
package dev.spinbpf.vm.context;

import org.jspecify.annotations.NullMarked;
