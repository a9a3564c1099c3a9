/** Helpers and kfuncs, which programs call, by subject; their prototypes and the rules of calling them are the verifier's. */
@NullMarked
package dev.spinbpf.vm.helper;

import org.jspecify.annotations.NullMarked;
