/** Where programs attach, and what makes them run. */
@NullMarked
package dev.spinbpf.vm.hook;

import org.jspecify.annotations.NullMarked;
