/**
 * Maps on disk: their file format, and the transfer between a file and live maps. The words and printed forms of
 * {@code spinbpf map} do not belong here.
 */
@NullMarked
package dev.spinbpf.tools.snapshot;

import org.jspecify.annotations.NullMarked;
