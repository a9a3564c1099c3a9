/**
 * Helpers and kfuncs, by subject. Their prototypes and the rules of calling them are the verifier's and do not belong
 * here.
 */
@NullMarked
package dev.spinbpf.vm.helper;

import org.jspecify.annotations.NullMarked;
