/**
 * An emulated machine that runs programs: the entry points of the module. Loading, running and naming are here; what a
 * run does is in the packages below, and what drives many runs at once is in {@code vm.stress}.
 */
@NullMarked
package dev.spinbpf.vm;

import org.jspecify.annotations.NullMarked;
