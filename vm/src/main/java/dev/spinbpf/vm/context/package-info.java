/** Program runs that nest on a CPU: guards against recursion, stacks, contexts, counters. */
@NullMarked
package dev.spinbpf.vm.context;

import org.jspecify.annotations.NullMarked;
