/** An emulated machine that runs programs: the entry points of the module. */
@NullMarked
package dev.spinbpf.vm;

import org.jspecify.annotations.NullMarked;
