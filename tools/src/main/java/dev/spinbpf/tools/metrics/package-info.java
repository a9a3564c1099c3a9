/**
 * All meters. Meters read counters that locks and runs keep anyway; nothing is counted
 * here, and no lock or program knows of metrics.
 */
@NullMarked
package dev.spinbpf.tools.metrics;

import org.jspecify.annotations.NullMarked;
