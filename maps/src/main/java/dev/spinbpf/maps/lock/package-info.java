/** Locks in guest memory: the resilient queued spin lock, its test-and-set fallback, the plain spin lock, statistics. */
@NullMarked
package dev.spinbpf.maps.lock;

import org.jspecify.annotations.NullMarked;
