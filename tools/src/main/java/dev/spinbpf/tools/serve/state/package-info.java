/** The directory in which the service keeps its state, so that what was acknowledged is there after any end of the process. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.state;
