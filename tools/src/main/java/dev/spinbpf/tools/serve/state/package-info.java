/**
 * The directory in which the service keeps its state, so that every change that was acknowledged is there after any end of the
 * process. Knows neither requests nor a running machine.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.state;
