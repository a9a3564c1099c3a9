/**
 * The order in which programs take locks, and what may go wrong with it, found without running them.
 *
 * <p>Knows programs by what the verifier saw on their paths, and the runtime by tables: the locks inside maps, and the places
 * where programs attach.
 */
@NullMarked
package dev.spinbpf.vm.order;

import org.jspecify.annotations.NullMarked;
