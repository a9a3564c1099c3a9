/**
 * Locks in guest memory: the resilient queued spin lock, its test-and-set fallback, the plain spin lock, and what is
 * counted of each: outcomes, waits and held times, with the rows that reports print. Maps and programs are not known
 * here; a lock is an address.
 */
@NullMarked
package dev.spinbpf.maps.lock;

import org.jspecify.annotations.NullMarked;
