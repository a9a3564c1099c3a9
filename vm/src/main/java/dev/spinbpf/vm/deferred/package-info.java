/**
 * Calls that programs put off: timers, work queues and task work. Which code runs a callback, and when, is decided
 * above: this package says what is due.
 */
@NullMarked
package dev.spinbpf.vm.deferred;

import org.jspecify.annotations.NullMarked;
