/**
 * Judges programs by the tags that Linux's own tests carry: reads the tags, compares, reports.
 *
 * <p>Knows no command line.
 */
@NullMarked
package dev.spinbpf.tools.selftest;

import org.jspecify.annotations.NullMarked;
