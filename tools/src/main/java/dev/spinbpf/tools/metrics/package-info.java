/** The Prometheus endpoint and all meters. */
@NullMarked
package dev.spinbpf.tools.metrics;

import org.jspecify.annotations.NullMarked;
