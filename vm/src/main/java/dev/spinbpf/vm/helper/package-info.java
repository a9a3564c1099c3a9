/** Helpers and kfuncs: what programs call. */
@NullMarked
package dev.spinbpf.vm.helper;

import org.jspecify.annotations.NullMarked;
