/**
 * A deterministic scheduler: runs emulated CPUs as strands that take turns at schedule points, in virtual time, so that
 * an interleaving can be chosen, enumerated and repeated. It knows no lock and no map; scenarios bring those along.
 */
@NullMarked
package dev.spinbpf.maps.sched;

import org.jspecify.annotations.NullMarked;
